"""Rule sets that a kernel holds: nft's two outputs read to equal models and printed back as they were."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings

from sekisho.model.nft import NftRuleset
from sekisho.sources import nft_capture, nft_json, nft_render, nft_text
from tests.strategies import nft

pytestmark = pytest.mark.kernel

_PLACE = re.compile(r"/dev/stdin:(\d+):\d+-\d+: Error")


class Namespace:
    """A network namespace held by a sleeping process."""

    def __init__(self) -> None:
        script = "ip link set lo up; echo; exec sleep 600 >/dev/null"
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", script], stdout=subprocess.PIPE)
        assert self.holder.stdout is not None
        self.holder.stdout.readline()
        self.holder.stdout.close()

    def nft(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run nft in it."""
        argv = ["nsenter", "-t", str(self.holder.pid), "-n", "nft", *words]
        return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)

    def load(self, text: str) -> bool:
        """Load those lines of the text that are taken; whether that came to an end."""
        lines = text.split("\n")
        for _ in range(60):
            self.nft("flush", "ruleset")
            done = self.nft("-f", "-", text="\n".join(lines))
            if done.returncode == 0:
                return True
            wrong = {int(number) for number in _PLACE.findall(done.stderr)}
            if not wrong:
                return False
            for number in wrong:
                lines[number - 1] = "" if lines[number - 1].startswith("add rule") else lines[number - 1]
            if all(lines[number - 1] for number in wrong):
                return False
        return False

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


def _without_times(text: str) -> str:
    """What runs on between two listings."""
    return re.sub(r" expires [0-9a-z]+", "", text)


@settings(max_examples=40)
@given(text=nft.rulesets())
def test_both_outputs_are_one_model(namespace: Namespace, text: str) -> None:
    if not namespace.load(text):
        return
    shown = namespace.nft("list", "ruleset").stdout
    listed = nft_text.parse(shown, "nft-ruleset.txt")
    assert list(nft_capture.unread(listed)) == [], shown
    assert _without_times(nft_render.render(listed)) == _without_times(shown)
    as_json = namespace.nft("-j", "list", "ruleset")
    if as_json.returncode:
        return  # nft 1.0.6 has no JSON for some of what it prints as text
    ruleset = nft_json.parse(as_json.stdout, "nft-ruleset.json")
    assert list(nft_capture.unread(ruleset)) == [], shown
    assert ruleset == listed
    assert _comparable(nft_render.render(_with_text_only(ruleset, listed))) == _comparable(shown)


def _with_text_only(ruleset: NftRuleset, listed: NftRuleset) -> NftRuleset:
    """JSON does not tell all: what only the text has is taken from there."""
    tables = tuple(
        replace(
            table,
            comment=other.comment,
            flags=other.flags,
            chains=tuple(
                replace(
                    chain, devices=seen.devices, devices_printed=seen.devices_printed, comment=seen.comment
                )
                for chain, seen in zip(table.chains, other.chains, strict=True)
            ),
            sets=tuple(
                replace(
                    one, dynamic=seen.dynamic, auto_merge=seen.auto_merge, typeof=seen.typeof,
                    typeof_data=seen.typeof_data, interval_data=seen.interval_data,
                )
                for one, seen in zip(table.sets, other.sets, strict=True)
            ),
        )
        for table, other in zip(ruleset.tables, listed.tables, strict=True)
    )  # fmt: skip
    return replace(ruleset, tables=tables)


def _comparable(text: str) -> str:
    """JSON has the objects of a table in another order than the text now and then; lines are the same."""
    return "\n".join(sorted(_without_times(text).split("\n")))
