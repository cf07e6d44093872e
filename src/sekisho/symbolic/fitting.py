"""Whether packets of which the length is stated fit where they go; ``semantics.size`` has the table."""

from __future__ import annotations

from sekisho.semantics import size
from sekisho.semantics.journey import Doubt, Step
from sekisho.semantics.program import Way
from sekisho.symbolic.bits import Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.hook_walk import HookWalk
from sekisho.symbolic.state import Front, State, add
from sekisho.values.slotted import replace


class Fitting(HookWalk):
    """The longest packets of ways."""

    def fitting(self, state: State, some: Set, way: Way, forwards: bool = False) -> State | None:
        """The packets as they go on, in pieces where they must; None: they are too long. ``forwards``: as
        seen before FORWARD."""
        if state.piece is None:
            return state
        family = self.space.family
        mtu = size.way_mtu(self.host.facts, way, family, forwards)
        if not self._longer(state, mtu, way.dev, some):
            return state
        if not self._stays_whole(state, some):
            return replace(state, piece=mtu)
        args = (way.dev or "", str(mtu or "?"))
        self.space.note(Step("forward", "TOO_BIG", code="too-big", args=args))
        reason = "PKT_TOO_BIG" if forwards else None
        fate = Fate("too_big", self.host.name, kernel_reason=reason, answer=size.TOO_BIG[family],
                    hook="forward")  # fmt: skip
        self.walk.end(fate, state, some)
        return None

    def _short_enough(self, front: Front) -> Front:
        """What a process sends: it is told at once of what is too long (EMSGSIZE), but in IPv6, where that is
        cut."""
        found: Front = {}
        for state, some in front.items():
            way = state.route
            if way is not None and state.oif != "lo" and state.piece is not None:
                mtu = size.way_mtu(self.host.facts, way, self.space.family)
                if self._longer(state, mtu, way.dev, some):
                    if self.space.family == 4 and self._stays_whole(state, some):
                        args = (way.dev or "", str(mtu or "?"))
                        self.space.note(Step("output", "TOO_BIG", code="message-too-long", args=args))
                        self.walk.end(Fate("too_big", self.host.name, hook="output"), state, some)
                        continue
                    state = replace(state, piece=mtu)
            add(found, state, some)
        return found

    def _longer(self, state: State, mtu: int | None, interface: str | None, some: Set) -> bool:
        """Whether the packets are longer than that."""
        assert state.piece is not None
        if mtu is not None:
            return state.piece > mtu
        if state.piece <= size.LEAST[self.space.family]:
            return False
        doubt = Doubt("mtu-not-captured", (interface or "",))
        key = ("mtu", self.host.name, interface, state.reply, state.visits)
        return (some & self.space.choice(key, (doubt,))).satisfiable()

    def _stays_whole(self, state: State, some: Set) -> bool:
        """Whether nobody may cut them on their way."""
        if self.space.family == 6:
            return True
        if state.df is None:
            doubt = Doubt("field-not-stated", ("df",))
            return (some & self.space.choice("df", (doubt,))).satisfiable()
        return bool(state.df)
