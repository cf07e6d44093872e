"""``sekisho lab status``: nodes, addresses, listeners, counters."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab, tell_origin
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

if TYPE_CHECKING:
    from sekisho.lab.system.look import SeenNode
    from sekisho.lab.system.plan import Plan

HELP: Words = {
    "en": "nodes, addresses, listeners and counters of a lab",
    "ja": "ラボのノード、アドレス、待ち受け、カウンター",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab status [NODE...]``."""
    parser.add_argument(
        "nodes", nargs="*", metavar="NODE", help=parser.say(en="only these nodes", ja="このノードだけ")
    )
    add_name(parser)


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the state."""
    from sekisho.lab.system.look import apart, look

    client = open_lab(args.name, out)
    plan = client.plan()
    state = client.state()
    nodes = args.nodes or [node.name for node in plan.nodes]
    seen = apart(client.doors(nodes), nodes, look)
    if out.json:
        out.document(_json(plan, client.pid, state, seen))
    else:
        _tell(plan, client.pid, state, seen, out)
    return 0


def _json(plan: Plan, owner: int, state: dict[str, object], seen: dict[str, SeenNode]) -> dict[str, object]:
    from dataclasses import asdict

    origin = asdict(plan.origin) if plan.origin else None
    nodes = []
    for name, found in seen.items():
        node = plan.node(name)
        nodes.append(
            {"role": node.role if node else "", "host": node.host if node else None, **asdict(found)}
        )
    return {
        "schema": "sekisho/lab-status/1",
        "name": plan.name,
        "owner": owner,
        "origin": origin,
        **state,
        "nodes": nodes,
    }


def _tell(plan: Plan, owner: int, state: dict[str, object], seen: dict[str, SeenNode], out: Output) -> None:
    memory = state["memory"]
    assert isinstance(memory, dict)
    mib = memory.get("RssAnon", 0) / 1048576
    out.row(
        out.say(
            en=f"{plan.name}: {len(plan.nodes)} nodes, owner: process {owner} ({mib:.0f} MiB)",
            ja=f"{plan.name}: ノード{len(plan.nodes)}個、所有プロセス: {owner} ({mib:.0f} MiB)",
        )
    )
    tell_origin(plan.origin, out)
    for name, found in seen.items():
        node = plan.node(name)
        more: list[str] = [node.role if node else ""]
        if found.forwarding:
            more.append("ip_forward")
        if found.connections:
            more.append(
                out.say(en=f"{found.connections} connections", ja=f"コネクション{found.connections}本")
            )
        out.write("\n")
        out.row(f"{name} ({', '.join(more)})")
        for item in found.interfaces:
            if item.name == "lo" and item.addresses in ((), ("127.0.0.1/8",), ("127.0.0.1/8", "::1/128")):
                continue
            state_words = "up" if item.carrier else "no carrier" if item.up else "down"
            where = f" ({item.master})" if item.master else ""
            out.row(
                f"  {item.name}{where}: {state_words}  {', '.join(item.addresses)}".rstrip()
                + f"  rx {item.rx[0]}  tx {item.tx[0]}"
            )
        for proto, address, port in found.listeners:
            out.row(f"  {out.say(en='listens', ja='待ち受け')}: {proto} {address}:{port}")
    remarks = state["remarks"]
    assert isinstance(remarks, list)
    for remark in remarks:
        out.write("\n")
        out.row(out.say(en=f"note: {remark}", ja=f"注意: {remark}"))
