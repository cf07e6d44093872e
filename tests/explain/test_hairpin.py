"""Whether the rule that waits for a container calling its own published port can fire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.model.evidence import Evidence, Partial
from tests.explain.snapshots import explain_rule_at, host, ruleset, said

BRIDGE = "br-528a7aa7b156"
ROUTES = f"172.18.0.0/16 dev {BRIDGE} proto kernel scope link src 172.18.0.1\n"
JUMP = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
WAITS = "-A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 3306 -j MASQUERADE"
RETURN = f"-A DOCKER -i {BRIDGE} -j RETURN"
DNAT = "-p tcp -m tcp --dport 3306 -j DNAT --to-destination 172.18.0.2:3306"

CASES = [
    # (nat rules besides the jump and the waiting rule, what is said about it)
    (
        [RETURN, f"-A DOCKER ! -i {BRIDGE} {DNAT}"],
        "Here it cannot fire: DOCKER rule 1 sends everything that comes from br-528a7aa7b156 back before it "
        "gets to the DNAT of DOCKER rule 2, and the DNAT of DOCKER rule 2 leaves out what comes from "
        "br-528a7aa7b156.",
    ),
    ([RETURN, f"-A DOCKER {DNAT}"], "Here it cannot fire: DOCKER rule 1 sends everything"),
    ([f"-A DOCKER {DNAT}", RETURN], "Here it fires: nothing keeps a packet of the container from DOCKER "
     "rule 1; its source becomes the address of br-528a7aa7b156 (172.18.0.1)."),
    ([f"-A DOCKER ! -i {BRIDGE} {DNAT}"], "Here it cannot fire: the DNAT of DOCKER rule 1 leaves out"),
    ([f"-A DOCKER -i eth0 {DNAT}"], "the DNAT of DOCKER rule 1 is for what comes from eth0 only"),
    ([f"-A DOCKER -d 127.0.0.1/32 {DNAT}"], "the DNAT of DOCKER rule 1 is for 127.0.0.1 only"),
    ([f"-A DOCKER -s 10.0.0.0/8 {DNAT}"], "Whether it fires here depends on further conditions"),
    (["-A DOCKER -i docker0 -j RETURN", f"-A DOCKER {DNAT}"], "Here it fires: nothing keeps a packet of the "
     "container from DOCKER rule 2"),
    (["-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.18.0.3:80"],
     "no captured rule sends packets to 172.18.0.2:3306."),
]  # fmt: skip


def explained(rules: list[str], jump: str = JUMP, lang: str = "en") -> str:
    found = ruleset("nat", jump, WAITS, *rules, chains=("DOCKER",))
    return said(explain_rule_at(found, "POSTROUTING", 1, host(found, ROUTES)), lang)


@pytest.mark.parametrize(("rules", "want"), CASES)
def test_the_reason_is_read_off_the_rules(rules: list[str], want: str) -> None:
    text = explained(rules)
    assert "It waits for hairpin NAT" in text
    assert want in text
    assert "ヘアピンNAT" in explained(rules, lang="ja")


def test_a_chain_that_only_output_calls_is_not_reached_from_a_bridge() -> None:
    text = explained([f"-A DOCKER {DNAT}"], jump="-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER")
    assert (
        "Here it cannot fire: nothing that arrives from outside is led to the DNAT of DOCKER rule 1" in text
    )


def test_a_table_that_is_cut_off_tells_nothing() -> None:
    found = ruleset("nat", JUMP, WAITS, chains=("DOCKER",))
    table = replace(found.tables[0], incomplete=Partial("cut", Evidence("iptables-save.txt", 9, "")))
    cut = replace(found, tables=(table,))
    text = said(explain_rule_at(cut, "POSTROUTING", 1, host(cut, ROUTES)))
    assert "Whether it can fire here is not known" in text
    assert "cannot fire" not in text
