"""The conditions of a rule as one phrase: "TCP packets from 10.0.0.0/8 that arrive on eth0".

The phrase is put together from the rule's options alone, so it is right for any rule, whoever wrote
it. A condition that has no words here is quoted and named as not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.explain.message import Message, join, m
from sekisho.model.netfilter import UNKNOWN_MODULE, IpSet, Option
from sekisho.semantics.matches import match_doubts
from sekisho.values.address import Family

_PORTS = {"sport": "sport", "dport": "dport", "sports": "sport", "dports": "dport", "ports": "ports",
          "source-port": "sport", "destination-port": "dport"}  # fmt: skip
_CT_FIELDS = {"ctproto", "ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst", "ctorigsrcport",
              "ctorigdstport", "ctreplsrcport", "ctrepldstport", "ctexpire"}  # fmt: skip
# name -> message id, for conditions with one value that are said inside "that ...".
_SIMPLE = {
    ("mark", "mark"): "match.mark",
    ("connmark", "mark"): "match.connmark",
    ("owner", "uid-owner"): "match.uid-owner",
    ("owner", "gid-owner"): "match.gid-owner",
    ("owner", "socket-exists"): "match.socket-exists",
    ("length", "length"): "match.length",
    ("tos", "tos"): "match.tos",
    ("dscp", "dscp"): "match.dscp",
    ("dscp", "dscp-class"): "match.dscp",
    ("ttl", "ttl-eq"): "match.ttl-eq",
    ("hl", "hl-eq"): "match.ttl-eq",
    ("pkttype", "pkt-type"): "match.pkttype",
    ("physdev", "physdev-in"): "match.physdev-in",
    ("physdev", "physdev-out"): "match.physdev-out",
    ("physdev", "physdev-is-bridged"): "match.physdev-is-bridged",
    ("physdev", "physdev-is-in"): "match.physdev-is-in",
    ("physdev", "physdev-is-out"): "match.physdev-is-out",
    ("iprange", "src-range"): "match.src-range",
    ("iprange", "dst-range"): "match.dst-range",
}
_ONE_WAY = {
    ("ttl", "ttl-lt"): "match.ttl-lt",
    ("ttl", "ttl-gt"): "match.ttl-gt",
    ("hl", "hl-lt"): "match.ttl-lt",
    ("hl", "hl-gt"): "match.ttl-gt",
}
# Modules whose options are one condition together, said as a quotation after a word about its kind.
_QUOTED = {"recent": "match.recent", "policy": "match.policy", "statistic": "match.statistic",
           "socket": "match.socket"}  # fmt: skip
# Doubts about words that no reading understands; others are about what no snapshot shows.
_STRANGE = frozenset({"match-not-understood", "match-not-readable"})
_SECONDARY = {"limit-burst", "limit-iface-in", "limit-iface-out"}


@dataclass(slots=True)
class Phrase:
    """``near`` are conditions said right after "packets", ``that`` those inside "that ... and ...";
    ``remarks`` are sentences of their own (comments, matches that nobody knows)."""

    protocol: str | None = None
    protocol_negated: bool = False
    near: list[Message] = field(default_factory=list)
    that: list[Message] = field(default_factory=list)
    remarks: list[Message] = field(default_factory=list)


def subject(phrase: Phrase, *, excepted: bool = False) -> Message:
    """Who the sentence is about. ``excepted``: who it is not about, behind "all packets except"."""
    some = bool(phrase.near or phrase.that)
    if phrase.protocol is None:
        noun = m("subject.those" if some and excepted else "subject.packets" if some else "subject.all")
    elif phrase.protocol_negated:
        noun = m("subject.not_protocol", phrase.protocol)
    else:
        noun = m("subject.protocol" if some else "subject.all.protocol", phrase.protocol)
    # What holds before what does not, so that a "not" cannot be taken to reach further.
    conditions = sorted(phrase.that, key=lambda item: item.code.endswith(".not"))
    near, that = join("with", phrase.near), join("that", conditions)
    if phrase.near and phrase.that:
        return m("subject.near.that", noun, near, that)
    if phrase.near:
        return m("subject.near", noun, near)
    if phrase.that:
        return m("subject.that", noun, that)
    return noun


def phrase_of(
    matches: tuple[Option, ...], ipsets: tuple[IpSet, ...] | None = None, family: Family = 4
) -> Phrase:
    """All conditions of a rule as a phrase. What no reading can decide is remarked, by the readings' word."""
    phrase = Phrase()
    quoted: dict[str, list[Option]] = {}
    for item in matches:
        if item.module in _QUOTED or item.module == "hashlimit":
            quoted.setdefault(item.module, []).append(item)
        else:
            _add(item, matches, phrase, ipsets)
    pair_places(phrase)
    for module, options in quoted.items():
        _add_quoted(module, options, phrase)
    phrase.remarks.extend(_undecided(matches, family))
    return phrase


def _undecided(matches: tuple[Option, ...], family: Family) -> Iterator[Message]:
    """The matches that the readings leave open, each once; the generic conditions one by one."""
    groups: dict[tuple[str, int], list[Option]] = {}
    for index, item in enumerate(matches):
        if item.module != UNKNOWN_MODULE:
            groups.setdefault((item.module, 0 if item.module else index), []).append(item)
    for (module, _), options in groups.items():
        codes = {doubt.code for doubt in match_doubts(tuple(options), family)}
        if codes & _STRANGE:
            yield m("match.unknown.note", option_text(options, with_module=True))
        elif codes:
            yield m("match.unsure.note", module or option_text(options))


def _add(item: Option, matches: tuple[Option, ...], phrase: Phrase, ipsets: tuple[IpSet, ...] | None) -> None:
    no = ".not" if item.negated else ""
    value = item.values[0] if item.values else ""
    if item.module == UNKNOWN_MODULE:
        text = " ".join(item.values) or item.name
        phrase.that.append(m("match.unknown", text))
        phrase.remarks.append(m("match.unknown.note", text))
    elif item.name == "protocol" and not item.module:
        if value not in ("all", "0"):
            phrase.protocol, phrase.protocol_negated = _protocol(value), item.negated
    elif item.name in ("source", "destination") and not item.module:
        if value not in ("0.0.0.0/0", "::/0") or item.negated:
            phrase.near.append(m(f"match.{item.name}{no}", bare(value)))
    elif item.name in ("in-interface", "out-interface") and not item.module:
        if value not in ("+", "any", "*"):
            name: object = m("match.starting", value[:-1]) if value.endswith("+") else value
            phrase.that.append(m(f"match.{item.name}{no}", name))
    elif item.name == "fragment" and not item.module:
        phrase.that.append(m(f"match.fragment{no}"))
    elif item.name in _PORTS and item.module:
        phrase.near.append(m(f"match.{_PORTS[item.name]}{no}", _or(value)))
    elif item.name in ("icmp-type", "icmpv6-type"):
        if value not in ("any", "255"):
            phrase.near.append(m(f"match.icmp{no}", value))
    elif item.module == "addrtype":
        _add_addrtype(item, no, value, phrase)
    elif item.module == "mac":
        phrase.near.append(m(f"match.mac{no}", value))
    elif item.module == "comment":
        phrase.remarks.append(m("match.comment", value))
    elif item.module in ("conntrack", "state"):
        _add_state(item, no, value, phrase)
    elif item.module in ("tcp", "udp", "sctp", "icmp", "icmp6", "multiport", "") and _add_tcp(
        item, no, phrase
    ):
        pass
    elif item.module == "set" and item.name == "match-set" and len(item.values) == 2:
        _add_set(item, no, phrase, ipsets)
    elif (item.module, item.name) in _SIMPLE:
        phrase.that.append(m(_SIMPLE[item.module, item.name] + no, value))
    elif (item.module, item.name) in _ONE_WAY and not item.negated:
        phrase.that.append(m(_ONE_WAY[item.module, item.name], value))
    elif item.module == "limit" and item.name == "limit":
        burst = next((o.values[0] for o in matches if o.name == "limit-burst" and o.values), "5")
        phrase.that.append(m("match.limit", value, burst))
    elif item.module == "rpfilter":
        _add_rpfilter(item, matches, phrase)
    elif item.name not in _SECONDARY:
        phrase.that.append(m(f"match.other{no}", option_text((item,), with_module=True)))


def pair_places(phrase: Phrase) -> None:
    """Say together what belongs together: an address and its port, own addresses and their exceptions."""
    _pair_local(phrase)
    _pair_port(phrase, "source", "sport")
    _pair_port(phrase, "destination", "dport")


def _pair_port(phrase: Phrase, side: str, port_side: str) -> None:
    """Say an address and its port together: "to port 80 of 10.0.0.1"."""
    address = next((item for item in phrase.near if item.code == f"match.{side}"), None)
    port = next((item for item in phrase.near if item.code == f"match.{port_side}"), None)
    if address is not None and port is not None:
        phrase.near.remove(port)
        phrase.near[phrase.near.index(address)] = m(f"match.{side}.port", *address.args, *port.args)


def _pair_local(phrase: Phrase) -> None:
    """Say "one of the host's own addresses" and what is taken from them together."""
    own = m("match.dst-type.local", "LOCAL")
    but = next((item for item in phrase.near if item.code == "match.destination.not"), None)
    if but is not None and own in phrase.near:
        phrase.near.remove(but)
        phrase.near[phrase.near.index(own)] = m("match.dst-type.local.but", *but.args)


def _add_addrtype(item: Option, no: str, value: str, phrase: Phrase) -> None:
    if item.name in ("src-type", "dst-type"):
        kind = ".local" if value == "LOCAL" else ""
        phrase.near.append(m(f"match.{item.name}{kind}{no}", _or(value)))


def _add_state(item: Option, no: str, value: str, phrase: Phrase) -> None:
    if item.name in ("ctstate", "state"):
        states = value.split(",")
        if set(states) == {"RELATED", "ESTABLISHED"}:
            words: object = m("state.established_related")
        else:
            words = join("or", [m(f"state.{state}") for state in states])
        phrase.that.append(m(f"match.ctstate{no}", words))
    elif item.name == "ctdir" and not item.negated:
        phrase.that.append(m(f"match.ctdir.{value.upper()}"))
    elif item.name in _CT_FIELDS or item.name == "ctstatus":
        phrase.that.append(m(f"match.ctfield{no}", m(f"ct.{item.name}"), _or(bare(value))))
    else:
        phrase.that.append(m(f"match.other{no}", option_text((item,), with_module=True)))


def _add_tcp(item: Option, no: str, phrase: Phrase) -> bool:
    if not item.name:  # -m tcp without an option: says nothing beyond the protocol
        return True
    if item.name == "syn" or (item.name == "tcp-flags" and item.values == ("FIN,SYN,RST,ACK", "SYN")):
        phrase.that.append(m(f"match.syn{no}"))
        return True
    if item.name == "tcp-flags" and len(item.values) == 2:
        phrase.that.append(m(f"match.tcp-flags{no}", *(text.replace(",", ", ") for text in item.values)))
        return True
    return False


def _add_set(item: Option, no: str, phrase: Phrase, ipsets: tuple[IpSet, ...] | None) -> None:
    name, directions = item.values
    by = [m(f"set.{word}") for word in directions.split(",") if word in ("src", "dst")]
    phrase.that.append(m(f"match.set{no}", name, join("and", by) if by else directions))
    found = next((ipset for ipset in ipsets or () if ipset.name == name), None)
    if found is None:
        phrase.remarks.append(m("match.set.missing", name))
    else:
        shown = [element for element, _options in found.entries[:8]]
        more = ["..."] if len(found.entries) > 8 else []
        phrase.remarks.append(m("match.set.note", name, ", ".join(shown + more) or "-"))


def _add_rpfilter(item: Option, matches: tuple[Option, ...], phrase: Phrase) -> None:
    options = [other for other in matches if other.module == "rpfilter"]
    if item is not options[0]:
        return
    names = [other.name for other in options if other.name and other.name != "invert"]
    detail = f": {', '.join(names)}" if names else ""
    inverted = any(other.name == "invert" for other in options)
    phrase.that.append(m("match.rpfilter.invert" if inverted else "match.rpfilter", detail))


def _add_quoted(module: str, options: list[Option], phrase: Phrase) -> None:
    if module == "hashlimit":
        for option in options:
            if option.name in ("hashlimit-upto", "hashlimit", "hashlimit-above"):
                way = "above" if option.name.endswith("above") else "upto"
                phrase.that.append(m(f"match.hashlimit.{way}", option.values[0] if option.values else ""))
        return
    text = option_text(o for o in options if o.name) or module
    negated = any(option.negated for option in options) and module in ("recent", "policy")
    if module == "recent":
        text = text.replace("! ", "", 1) if negated else text
    phrase.that.append(m(_QUOTED[module] + (".not" if negated else ""), text))


def _or(value: str) -> Message | str:
    return join("or", [_range(part) for part in value.split(",")])


def _range(text: str) -> str:
    return text.replace(":", "-") if text.count(":") == 1 else text


def _protocol(text: str) -> str:
    return text.upper() if text in ("tcp", "udp", "icmp", "sctp", "dccp", "gre", "esp", "ah") else text


def bare(text: str) -> str:
    """An address without the length that says nothing: ``10.0.0.1/32`` -> ``10.0.0.1``."""
    if text.endswith("/32") and ":" not in text:
        return text[:-3]
    return text.removesuffix("/128")


def option_text(options: Iterable[Option], *, with_module: bool = False) -> str:
    """Options as they are written on the command line."""
    words: list[str] = []
    for item in options:
        if with_module and item.module and f"-m {item.module}" not in words:
            words.append(f"-m {item.module}")
        if item.negated:
            words.append("!")
        if item.name:
            words.append(f"--{item.name}")
        words.extend(item.values)
    return " ".join(words)
