"""Random packets that a place can send, as questions to ``trace``."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sekisho.answers.arrivals import Arrivals
from sekisho.answers.places import Origin
from sekisho.answers.stated import FIELDS
from sekisho.answers.trace import Question
from sekisho.model.snapshot import HOST
from sekisho.semantics.fields import HEADER
from sekisho.symbolic.bits import Set
from sekisho.values.address import Address, format_ip
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP, UDP, protocol_name
from tests.symbolic.agreement import Values, cube, member

_PORTS = (22, 53, 80, 443, 3306, 8080, 8081, 1080, 40000, 50000)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A packet with everything stated: its fields, the set that holds it alone, and the question."""

    origin: Origin
    values: Values
    some: Set
    question: Question


class Packets:
    """Draws packets of origins."""

    def __init__(self, arrivals: Arrivals, draw: Random) -> None:
        self.arrivals = arrivals
        self.reading = arrivals.reading
        self.draw = draw
        world, family = arrivals.reading.world, arrivals.reading.family
        self.addresses = [
            *(a.value for item in world.site.attachments for a in item.addresses if a.family == family),
            *(item.value for node in world.nodes.values() for item in node.addresses[family]),
            *(route.dst.first for route in world.site.host.facts.routes if route.family == family),
            *(route.dst.last for route in world.site.host.facts.routes if route.family == family),
            Address.parse("203.0.113.9" if family == 4 else "2001:db8:ffff::9").value,
        ]
        self.ports = [*_PORTS, *_asked_ports(arrivals)]

    def of(self, origin: Origin, wanted: Set | None = None) -> Drawn | None:
        """A packet of the origin (of those that are wanted), half of the time drawn inside what was found
        out; None where none was hit."""
        space, draw = self.reading.space, self.draw
        if wanted is None and draw.random() < 0.5:
            values = self._random(origin)
            some = cube(self.arrivals.walk, values) & origin.some & self.reading.opening
        else:
            flow = draw.choice(self.reading.flows(origin.group) or [None])
            inside = origin.some & (wanted if wanted is not None else flow.some if flow else space.nothing)
            inside = space.perhaps(space.without(inside, ("tdst", "tdport"))) & self.reading.opening
            if not inside.satisfiable():
                return None
            values = member(self.arrivals.walk, inside, draw)
            some = cube(self.arrivals.walk, values)
        if not some.satisfiable():
            return None
        return Drawn(origin, values, some, self.question(origin, values))

    def _random(self, origin: Origin) -> Values:
        draw, family = self.draw, self.reading.family
        icmp, ask = (ICMP, 8) if family == 4 else (ICMPV6, 128)
        first, last = draw.choice(origin.addresses.intervals or ((0, 0),))
        return {
            "proto": draw.choice((TCP, TCP, TCP, UDP, icmp, 47)), "dst": draw.choice(self.addresses),
            "src": draw.choice((first, last, draw.randint(first, last))), "dport": draw.choice(self.ports),
            "sport": draw.choice(self.ports), "icmp_type": ask, "icmp_code": 0, "icmp_id": 1, "tcp_flags": 2,
            "tos": draw.choice((0, 0, 0, 16)), "src_mac": draw.choice((0x020000000001, 0x0200000000FF)),
            "length": draw.choice((60, 60, 40, 1500)), "ttl": draw.choice((64, 64, 200)),
            "uid": draw.choice((0, 33, 1500)), "gid": 0,
        }  # fmt: skip

    def question(self, origin: Origin, values: Values) -> Question:
        """The packet as ``trace`` is asked about it, every field stated that it can have."""
        source, family = self.reading.sources[origin.group], self.reading.family
        process, proto = source.how == "process", values["proto"]
        if process:
            sender = "host" if source.node == HOST else f"container:{source.node}"
        else:
            sender = format_ip(family, values["src"])
        ported = proto in PORT_PROTOCOLS
        target = format_ip(family, values["dst"])
        target = f"[{target}]" if family == 6 else target
        name = "icmp" if proto in (ICMP, ICMPV6) else protocol_name(proto)
        fields = ((n, f) for n, f in FIELDS.items() if f.is_of(proto, process, family))
        stated = tuple((n, values.get(f.name, 0)) for n, f in fields)  # sets may be cut: DF is not set
        sport, dport = (values["sport"], values["dport"]) if ported else (None, None)
        return Question(
            sender,
            target.strip("[]") if not ported else target,
            name,
            sport,
            dport,
            source.iif,
            stated=stated,
        )


def _asked_ports(arrivals: Arrivals) -> list[int]:
    from sekisho.answers.ports import container_ports, host_ports

    world, family = arrivals.reading.world, arrivals.reading.family
    found = {port.port for port in container_ports(world.site, family)}
    found |= {port for _, port, _ in host_ports(world.site, family)}
    found |= {each.host_port for item in world.site.snapshot.containers or () for each in item.published}
    return sorted(found)


assert {*HEADER, "df"} >= {field.name for field in FIELDS.values()}
