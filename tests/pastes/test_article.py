"""The page that Sekisho was made for, pasted as a whole: two hosts, and every line of their listings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import sekisho
from tests.truth import needs_truth, truth_dir

HOSTS = ("10.0.0.10", "10.1.0.81")


def page() -> Path:
    truth = truth_dir()
    assert truth is not None
    return truth / "article" / "page.txt"


def lines_of(host: str, file: str) -> list[str]:
    """The lines of a listing as the page's own folder has them, taken apart by hand."""
    return (page().parent / f"host-{host}" / file).read_text().splitlines()


def sections(host: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {section["section"]: section["lines"] for section in host["explanation"]["sections"]}


@needs_truth
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_line_of_both_hosts_is_explained(lang: str) -> None:
    ran = sekisho("explain", str(page()), "--json", "--lang", lang)
    assert ran.status == 0
    hosts = json.loads(ran.out)["hosts"]
    assert [host["host"] for host in hosts] == list(HOSTS)
    for host in hosts:
        found = sections(host)
        routes = [line["text"] for line in found["routes"]]
        assert routes == lines_of(host["host"], "ip-route.txt")
        assert len(routes) == 6
        assert all(line["read"] for lines in found.values() for line in lines)
        assert all(line["words"] for lines in found.values() for line in lines)
        ids = {message["id"] for line in found["notes"] for message in line["messages"]}
        assert ids == {"note.prose"}
        assert "unread" not in found
    first, second = (sections(host) for host in hosts)
    assert [line["text"] for line in first["sysctl"]] == lines_of(HOSTS[0], "sysctl.txt")
    assert [line["text"] for line in second["nat"]] == lines_of(HOSTS[1], "iptables-nat.txt")
    assert sum(" 0.0.0.0/0" in line["text"] or "MASQUERADE" in line["text"] for line in second["nat"]) == 10


@needs_truth
def test_nothing_of_the_page_is_dropped() -> None:
    """Each line is a listing's, a command's, or told of as words beside them."""
    answer = json.loads(sekisho("explain", str(page()), "--json").out)
    told = {line["line"] for host in answer["hosts"] for lines in sections(host).values() for line in lines}
    text = page().read_text().split("\n")
    rest = [line for number, line in enumerate(text, 1) if line.strip() and number not in told]
    assert len(rest) == 4, rest
    assert all(line.startswith(("$ ", "host$ ", "sudo ")) for line in rest)


@needs_truth
def test_what_the_page_shows_is_answered() -> None:
    """What the page leaves open (the filter table, say) is leaned on; nothing of it is undetermined."""
    ran = sekisho("trace", str(page()), "internet", "10.1.0.81:3306", "--host", "10.1.0.81", "--json")
    assert ran.status == 0
    assert json.loads(ran.out)["disposition"] == "delivered"
    ran = sekisho("trace", str(page()), "172.18.0.2", "203.0.113.5:443", "--host", "10.0.0.10", "--json")
    assert json.loads(ran.out)["forward"]["disposition"] == "exits"


@needs_truth
@pytest.mark.parametrize("verb", [["lint", "PAGE"], ["show", "PAGE", "routes"]])
def test_a_question_about_one_host_asks_which(verb: list[str]) -> None:
    words = [str(page()) if word == "PAGE" else word for word in verb]
    ran = sekisho(*words, "--lang", "en")
    assert ran.status == 2
    assert "2 hosts: 10.0.0.10, 10.1.0.81" in ran.err
    assert "--host 10.0.0.10" in ran.err
    named = sekisho(*words, "--host", "10.1.0.81")
    assert named.status in (0, 1, 3)
    assert not named.err


@needs_truth
def test_an_address_that_both_may_have_is_not_guessed_at() -> None:
    """Each of the two has a bridge of 172.18.0.0/16, and no list of containers."""
    ran = sekisho("trace", str(page()), "172.18.0.2", "203.0.113.5:443", "--lang", "en")
    assert ran.status == 2
    assert "172.18.0.2 may be on several bridges: 10.0.0.10/br-" in ran.err
    assert sekisho("trace", str(page()), "host:10.1.0.81", "203.0.113.5:443", "--lang", "en").status == 0


@needs_truth
def test_both_are_one_world() -> None:
    answer = json.loads(sekisho("exposed", str(page()), "--json", "--lang", "en").out)
    assert {port["place"].partition("/")[0] for port in answer["ports"]} == {"10.1.0.81"}
    assert all("other-hosts" in port["from"] for port in answer["ports"])
