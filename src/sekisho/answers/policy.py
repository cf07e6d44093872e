"""The policy file of ``check``: assertions about flows in YAML. ``policy.schema.json`` is its JSON schema.

version: 1
assertions:
  - name: the shop is public
    allow: {from: internet, to: "container:web:80"}
  - deny: {from: internet, to: "container:db"}
  - only: {from: [container:web, host], to: "container:db:3306"}
  - isolated: [network:front, network:back]
  - same-as: ../baseline
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sekisho.answers.ends import End, parse_end
from sekisho.docker.compose.node import Node
from sekisho.docker.compose.yaml_tree import parse
from sekisho.errors import SourceError, UsageError
from sekisho.model.evidence import Evidence
from sekisho.values.address import Family
from sekisho.values.packet import protocol_number

Kind = Literal["allow", "deny", "only", "isolated", "same-as"]
KINDS: tuple[Kind, ...] = ("allow", "deny", "only", "isolated", "same-as")
_FLOW_KEYS = {"from", "to", "proto", "ipv"}


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion. ``sources``/``targets`` are ends; for ``isolated`` both are the list, for ``same-as``
    ``baseline`` is the other snapshot's path. ``protocols`` None: by the ends (those of tcp, udp and icmp
    that have ports where one is named; for ``allow`` tcp alone then), none: all there are; ``family`` None:
    all that the host has."""

    kind: Kind
    name: str
    place: Evidence
    sources: tuple[End, ...] = ()
    targets: tuple[End, ...] = ()
    protocols: tuple[int, ...] | None = None
    family: Family | None = None
    baseline: str = ""


def load_policy(path: str) -> tuple[Assertion, ...]:
    """Read a policy file. Raises SourceError with file and line where it is not one."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        raise SourceError(
            "reading policies needs PyYAML, which is not installed", file=path,
            advice="pip install PyYAML",
        ) from None  # fmt: skip
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SourceError("the file is not UTF-8 text", file=path) from None
    documents = parse(text, path)
    if len(documents) != 1:
        raise SourceError("a policy is one YAML document", file=path)
    root = documents[0]
    unknown = set(root.mapping) - {"version", "assertions"}
    if not root.mapping or unknown:
        raise root.error(
            f"unknown key {sorted(unknown)[0]!r}" if unknown else "a policy is a mapping",
            "write version: 1 and assertions: [...]",
        )
    if root.text("version") not in (None, "1"):
        raise root.error(f"version {root.text('version')} is not known", "write version: 1")
    listed = root.get("assertions")
    if listed is None or not isinstance(listed.value, list):
        raise root.error("assertions: is missing, or no list")
    return tuple(_assertion(node, number, path) for number, node in enumerate(listed.items, 1))


def _assertion(node: Node, number: int, path: str) -> Assertion:
    kinds = [kind for kind in KINDS if kind in node.mapping]
    unknown = set(node.mapping) - {"name", *KINDS}
    if len(kinds) != 1 or unknown:
        what = f"unknown key {sorted(unknown)[0]!r}" if unknown else "an assertion has exactly one kind"
        raise node.error(what, "one of " + ", ".join(KINDS) + "; name: is for people")
    kind = kinds[0]
    body = node.mapping[kind]
    name = node.text("name") or f"{kind} {number}"
    if kind == "isolated":
        ends = tuple(_end(item) for item in body.items)
        if len(ends) < 2:
            raise body.error("isolated: is a list of two ends or more")
        return Assertion(kind, name, node.place, ends, ends)
    if kind == "same-as":
        if not isinstance(body.value, str) or not body.value:
            raise body.error("same-as: is the path of a snapshot")
        return Assertion(kind, name, node.place, baseline=str(Path(path).parent / body.value))
    return _flows(kind, name, node, body)


def _flows(kind: Kind, name: str, node: Node, body: Node) -> Assertion:
    unknown = set(body.mapping) - _FLOW_KEYS
    if unknown or "to" not in body.mapping or "from" not in body.mapping:
        what = f"unknown key {sorted(unknown)[0]!r}" if unknown else f"{kind}: needs from: and to:"
        raise body.error(what, "keys: from, to, proto, ipv")
    protocols = None
    if (proto := body.get("proto")) is not None:
        names = [item.value for item in proto.items] if isinstance(proto.value, list) else [proto.value]
        try:
            protocols = () if "all" in names else tuple(protocol_number(str(each)) for each in names)
        except ValueError as error:
            raise proto.error(str(error), "write tcp, udp, icmp or a number, or a list of these") from None
    family: Family | None = None
    if (ipv := body.text("ipv")) is not None:
        if ipv not in ("4", "6"):
            raise body.mapping["ipv"].error("ipv: is 4 or 6")
        family = 4 if ipv == "4" else 6
    return Assertion(
        kind, name, node.place, _ends(body.mapping["from"]), _ends(body.mapping["to"]), protocols, family
    )


def _ends(node: Node) -> tuple[End, ...]:
    found = tuple(_end(item) for item in (node.items if isinstance(node.value, list) else [node]))
    if not found:
        raise node.error("no end is named")
    return found


def _end(node: Node) -> End:
    if not isinstance(node.value, str):
        raise node.error("an end is a text", 'for example "container:web:80"')
    try:
        return parse_end(node.value)
    except UsageError as error:
        raise node.error(error.said_what, error.said_advice) from None
