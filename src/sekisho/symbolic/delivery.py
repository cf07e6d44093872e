"""Whether something on the host takes packets that were let in.

Where ``ss`` was captured, the listening sockets decide; else the containers' commands where they tell what
listens (``listeners``), and the answer leans on that. Where neither tells, a listener is assumed and the
answer leans on that, except for a port that a DNAT rule of this host publishes and that the packet
missed: only docker-proxy could own it, and whether it runs no rule tells.
"""

from __future__ import annotations

from sekisho.model.evidence import Evidence
from sekisho.semantics import whose
from sekisho.semantics.echo import ECHO, asked_of, switch
from sekisho.semantics.fields import BROADCAST, MULTICAST, UNICAST
from sekisho.semantics.journey import Doubt, Lean, Step
from sekisho.semantics.program import DNAT_BIT, ChainCode, Guarded, NotUnderstood, Stop
from sekisho.semantics.proxy import PROCESS
from sekisho.symbolic.bits import Set
from sekisho.symbolic.bridging import BridgeHooks
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.state import Front, State, add
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP, UDP, protocol_name
from sekisho.values.slotted import replace

_TCP, _UDP, _EITHER = IntSet.of(TCP), IntSet.of(UDP), IntSet.of(TCP, UDP)


class Delivery(BridgeHooks):
    """INPUT and the sockets of one namespace."""

    def local_input(self, front: Front) -> None:
        """INPUT, then the sockets."""
        inside: Front = {}
        for state, some in front.items():
            add(inside, replace(state, oif=None), some)
        for state, some in self.hook("input", inside).items() if inside else ():
            self._sockets(state, some)

    def _sockets(self, state: State, some: Set) -> None:
        """Who takes the packets. For a reply, a local process waits already."""
        name = self.host.name
        delivered = Fate("delivered", name, name, hook="socket")
        if state.reply:
            self._note("DELIVERED", "socket-waiting", (name,), some)
            self.walk.end(delivered, state, some)
            return
        asking = some & self.guards.field_in("proto", _EITHER, state)
        self._kernel_takes(state, some & ~asking, delivered)
        if state.route_kind != UNICAST:
            # TCP takes no broadcasts, and answers none (tcp_v4_rcv: pkt_type != PACKET_HOST;
            # tcp_v6_conn_request: ipv6_unicast_destination).
            refused = asking & self.guards.tcp
            self._note("NO_SOCKET", "socket-none", self._port(state), refused)
            self.walk.end(Fate("no_socket", name, name, hook="socket"), state, refused)
            asking &= ~refused
        if not asking.satisfiable():
            return
        if self.program.sockets is None:
            self._assumed(state, asking, delivered)
        else:
            self._listening(self.program.sockets, state, asking, delivered)

    def _listening(self, chain: ChainCode, state: State, asking: Set, delivered: Fate) -> None:
        """What the sockets that are known take."""
        for line, those in self.flow.takers(chain, state, asking):
            action = chain.policy if line is None else line.action
            if isinstance(action, NotUnderstood):
                self._nobody_knows(action.doubt, state, those)
            elif line is None:
                self._no_socket(state, those)
            else:
                args = (*self._port(state), line.text)
                self._note("DELIVERED", "socket-found", args, those, line.evidence)
                self.space.lean(*self._by_command())
                # Who takes the packets matters where it is docker-proxy.
                fate = replace(delivered, line=line) if PROCESS in line.text else delivered
                self.walk.end(fate, state, those)

    def _assumed(self, state: State, asking: Set, delivered: Fate) -> None:
        """Nobody knows what listens: something does, but for what only docker-proxy could be."""
        name, port = self.host.name, self._port(state)
        connection = state.connection
        if connection is None or not connection.status & DNAT_BIT:
            proxied = asking & self.guards.holds(self.program.published, state).yes
            doubt = Doubt("only-docker-proxy", port) if self.space.tells else Doubt("only-docker-proxy-there")
            fate = Fate("undetermined", name, name, doubts=(doubt,), hook="socket")
            self._note("UNDETERMINED", "socket-docker-proxy", port, proxied)
            self.walk.end(fate, state, proxied)
            asking &= ~proxied
        if asking.satisfiable():
            self._note("DELIVERED", "socket-assumed", (*port, name), asking)
            self.space.lean(Lean("sockets-not-captured", (name, *port)))
            self.flow.leans.setdefault(Lean("sockets-assumed", (name,)))
            self.walk.end(delivered, state, asking)

    def _kernel_takes(self, state: State, some: Set, delivered: Fate) -> None:
        """What the kernel itself takes: it answers a question unless it is told not to."""
        name = self.host.name
        asked: Front = {state: some} if some.satisfiable() else {}
        for passed, _, part in self._run(self.program.echo, asked, "icmp"):
            if isinstance(passed.action, NotUnderstood):
                self._nobody_knows(passed.action.doubt, state, part)
                continue
            self.space.lean(*self._taken_for_granted(state))
            args = (self._proto(state), name)
            if isinstance(passed.action, Stop):
                reason, line = passed.action.kernel_reason, passed.line
                evidence = line.evidence if line else None
                self._note("NO_SOCKET", "icmp-ignored", args, part, evidence, line)
                fate = Fate("no_socket", name, name, kernel_reason=reason, hook="socket", line=line)
                self.walk.end(fate, state, part)
            else:
                self._note("DELIVERED", "kernel-takes", args, part)
                self.walk.end(delivered, state, part)

    def _no_socket(self, state: State, some: Set) -> None:
        unreachable = "icmp-port-unreachable" if self.space.family == 4 else "icmp6-port-unreachable"
        name, own = self.host.name, self.program.own_sources
        unheard = Fate("no_socket", name, name, hook="socket")
        self._note("NO_SOCKET", "socket-none", self._port(state), some)
        if some.satisfiable():
            self.space.lean(*self._by_command())
        if state.route_kind in (BROADCAST, MULTICAST):
            self.walk.end(unheard, state, some)  # __udp4_lib_mcast_deliver
            return
        unheard = replace(unheard, kernel_reason="NO_SOCKET")
        if own is not None:
            strange = some & ~self.space.member(state.ends.dst, own)
            self.walk.end(unheard, state, strange)  # nothing can be answered from there: ``own_source``
            some &= ~strange
        for proto, answer in ((_TCP, "tcp-reset"), (_UDP, unreachable)):
            here = some & self.guards.field_in("proto", proto, state)
            self.walk.end(replace(unheard, answer=answer), state, here)

    def _nobody_knows(self, doubt: Doubt, state: State, some: Set) -> None:
        name = self.host.name
        self._note("UNDETERMINED", doubt.code, doubt.args, some, doubt.evidence)
        self.walk.end(Fate("undetermined", name, name, doubts=(doubt,), hook="socket"), state, some)

    # ----------------------------------------------------------------------------------- what is told

    def _note(
        self,
        verdict: str,
        code: str,
        args: tuple[str, ...],
        some: Set,
        evidence: Evidence | None = None,
        line: Guarded | None = None,
    ) -> None:
        if self.space.tells and some.satisfiable():
            text = line.text if line else ""
            self.space.note(Step("socket", verdict, text=text, code=code, args=args, evidence=evidence))

    def _proto(self, state: State) -> str:
        return protocol_name(self.space.number(state.proto) or 0) if self.space.tells else ""

    def _port(self, state: State) -> tuple[str, str]:
        if not self.space.tells:
            return "", ""
        return self._proto(state), str(self.space.number(state.ends.dport) or 0)

    def _by_command(self) -> tuple[Lean, ...]:
        commands = self.host.commands
        return (Lean("sockets-by-command", (self.host.name, "; ".join(commands))),) if commands else ()

    def _taken_for_granted(self, state: State) -> tuple[Lean, ...]:
        """The settings that decide whether an echo is answered, where they were not captured."""
        family, number = self.space.family, self.space.number
        if (number(state.proto), number(state.icmp_type)) != ECHO[family]:
            return ()
        asked = asked_of(family, state.route_kind)
        missing = (key for key in asked if self.host.facts.sysctl(key) is None)
        return tuple(
            whose.lean(self.host.facts, "sysctl-not-captured", key, str(int(switch(self.host.facts, key))))
            for key in missing
        )
