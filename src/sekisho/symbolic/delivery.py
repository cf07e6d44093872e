"""Which packets that were let in somebody on the host takes: the twin of ``semantics.delivery``."""

from __future__ import annotations

from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import DNAT_BIT, Guarded, NotUnderstood, Stop
from sekisho.semantics.proxy import PROCESS
from sekisho.semantics.traveller import BROADCAST, MULTICAST, UNICAST
from sekisho.symbolic.bits import Set
from sekisho.symbolic.bridging import SymbolicBridgeHooks
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.state import Front, State, add
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP, UDP
from sekisho.values.slotted import replace


class SymbolicDelivery(SymbolicBridgeHooks):
    """INPUT and the sockets of one namespace."""

    def local_input(self, front: Front) -> None:
        """INPUT, then the sockets."""
        inside: Front = {}
        for state, some in front.items():
            add(inside, replace(state, oif=None), some)
        for state, some in self.hook("input", inside).items():
            self._sockets(state, some)

    def _sockets(self, state: State, some: Set) -> None:
        """Who takes the packets; see ``semantics.delivery``."""
        delivered = Fate("delivered", self.host.name, self.host.name, hook="socket")
        if state.reply:
            self.walk.end(delivered, state, some)
            return
        asking = some & self.guards.field_in("proto", IntSet.of(TCP, UDP), state)
        taken = self._answered(state, some & ~asking)
        if state.route_kind != UNICAST:  # TCP takes no broadcasts, and answers none
            refused = Fate("no_socket", self.host.name, self.host.name, hook="socket")
            self.walk.end(refused, state, asking & self.guards.tcp)
            asking &= ~self.guards.tcp
        chain = self.program.sockets
        if chain is not None:
            # Line by line: who takes the packets matters where it is docker-proxy.
            for line in chain.lines:
                those = asking & self.guards.holds(line.guard, state).yes
                if those.satisfiable():
                    asking &= ~those
                    self._taken(line, delivered, state, those)
            if asking.satisfiable() and isinstance(chain.policy, NotUnderstood):
                name, doubts = self.host.name, (chain.policy.doubt,)
                self.walk.end(Fate("undetermined", name, name, doubts=doubts, hook="socket"), state, asking)
            else:
                self._no_socket(state, asking)
        else:
            connection = state.connection
            if connection is None or not connection.status & DNAT_BIT:
                proxied = asking & self.guards.holds(self.program.published, state).yes
                doubts = (Doubt("only-docker-proxy-there"),)
                fate = Fate("undetermined", self.host.name, self.host.name, doubts=doubts, hook="socket")
                self.walk.end(fate, state, proxied)
                asking &= ~proxied
            if asking.satisfiable():
                self.walk.flow.leans.setdefault(Lean("sockets-assumed", (self.host.name,)))
            taken |= asking
        self.walk.end(delivered, state, taken)

    def _answered(self, state: State, some: Set) -> Set:
        """Those that the kernel itself takes, and does not throw away."""
        taken, name = self.space.nothing, self.host.name
        asked: Front = {state: some} if some.satisfiable() else {}
        for passed, _, part in self._run(self.program.echo, asked, "icmp"):
            if isinstance(passed.action, Stop):
                reason = passed.action.kernel_reason
                fate = Fate("no_socket", name, name, kernel_reason=reason, hook="socket", line=passed.line)
                self.walk.end(fate, state, part)
            elif isinstance(passed.action, NotUnderstood):
                doubts = (passed.action.doubt,)
                self.walk.end(Fate("undetermined", name, name, doubts=doubts, hook="socket"), state, part)
            else:
                taken |= part
        return taken

    def _taken(self, line: Guarded, delivered: Fate, state: State, some: Set) -> None:
        """A socket's line fits."""
        if isinstance(line.action, NotUnderstood):
            doubts = (line.action.doubt,)
            delivered = replace(delivered, disposition="undetermined", doubts=doubts)
        elif PROCESS in line.text:
            delivered = replace(delivered, line=line)
        self.walk.end(delivered, state, some)

    def _no_socket(self, state: State, some: Set) -> None:
        unreachable = "icmp-port-unreachable" if self.space.family == 4 else "icmp6-port-unreachable"
        name, own = self.host.name, self.program.own_sources
        unheard = Fate("no_socket", name, name, hook="socket")
        if state.route_kind in (BROADCAST, MULTICAST):
            self.walk.end(unheard, state, some)
            return
        unheard = replace(unheard, kernel_reason="NO_SOCKET")
        if own is not None:
            strange = some & ~self.space.member(state.ends.dst, own)
            self.walk.end(unheard, state, strange)  # nothing can be answered from there
            some &= ~strange
        for proto, answer in ((TCP, "tcp-reset"), (UDP, unreachable)):
            here = some & self.guards.field_in("proto", IntSet.of(proto), state)
            self.walk.end(replace(unheard, answer=answer), state, here)
