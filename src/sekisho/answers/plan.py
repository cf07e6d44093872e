"""What Docker will create: the question, the prediction, and the difference to the host before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sekisho.docker.bare import ORDINARY
from sekisho.docker.detect import detect
from sekisho.docker.engine import NEWEST, Engine, parse_version, with_backend
from sekisho.docker.engine_flags import apply
from sekisho.docker.intent import Act
from sekisho.docker.predict import Note, Plan, Predictor
from sekisho.docker.rebuild import acts_of
from sekisho.docker.strip import without_docker
from sekisho.errors import UsageError, said
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRuleset, NftTable
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import nft_render
from sekisho.sources.bounds import USUAL, Bounds
from sekisho.sources.iptables_rule import render_rule


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks: compose files or command lines, on which host, with which engine.

    ``creates`` run before the compose files, ``runs`` after; both are docker command lines, and
    ``scripts`` files of such lines. ``flags`` are dockerd's own words. None: as the host has it.
    ``bounds``: where and how much the compose files may have read.
    """

    compose: tuple[str, ...] = ()
    project: str | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    version: str | None = None
    backend: str | None = None
    userland_proxy: bool | None = None
    flags: tuple[str, ...] = ()
    bounds: Bounds = USUAL


@dataclass(frozen=True, slots=True)
class Planned:
    """The prediction with its project's name ("" without a compose file), and whether the engine was
    changed (its rules are then all written anew). ``unknown``: the engine that nobody knows the rules of;
    the nearest one's were taken."""

    plan: Plan
    project: str
    upgraded_from: str = ""
    unknown: str = ""


def plan(request: Request, before: Snapshot | None) -> Planned:
    """Predict. ``before`` None: an ordinary EC2 host without Docker, and said so.

    Raises SekishoError (DockerError, SourceError, UsageError) with file, line and text for whatever
    compose or dockerd would refuse.
    """
    engine, upgraded_from = _engine(request, before)
    host = before if before is not None else ORDINARY
    notes: list[Note] = []
    if before is None:
        own = next(item for item in ORDINARY.host.addresses or () if item.interface != "lo")
        notes.append(Note("plan.ordinary-host", (own.interface, f"{own.address}/{own.length}")))
    acts, project, unset = _acts(request)
    for name, place in unset:
        notes.append(Note("plan.unset-variable", (name,), place))
    if upgraded_from:
        predictor = Predictor(without_docker(host), replace(engine, bridge="none"))
        for act in acts_of(host):
            predictor.apply(act)
        notes.append(Note("plan.upgraded", (upgraded_from, engine.name)))
    else:
        predictor = Predictor(host, engine)
    if before is not None:
        notes.append(Note("plan.resolv-conf"))
    unknown = _unknown(request, before)
    if unknown:
        nearest = replace(engine, version=min(engine.version, NEWEST))
        notes.append(Note("plan.version-unknown", (unknown, nearest.name)))
    elif before is not None and not detect(before).sure and request.version is None:
        notes.append(Note("plan.version-assumed", (engine.name,)))
    for act in acts:
        predictor.apply(act)
    made = predictor.plan()
    made = replace(made, before=host, notes=(*notes, *made.notes))
    return Planned(made, project, upgraded_from, unknown)


def _unknown(request: Request, before: Snapshot | None) -> str:
    """The version, asked for or the host's own, that is newer (or older) than any that is known."""
    if request.version is not None:
        return request.version if parse_version(request.version) > NEWEST else ""
    return detect(before).unknown if before is not None else ""


def _engine(request: Request, before: Snapshot | None) -> tuple[Engine, str]:
    """The engine to predict, and the one it takes over from where that is another."""
    found = detect(before) if before is not None else None
    base = found.engine if found is not None and found.runs else Engine()
    engine = base
    if request.version is not None:
        engine = replace(engine, version=parse_version(request.version))
        if engine.version < (29, 0, 0):
            engine = replace(engine, nftables=False)
    if request.backend is not None:
        engine = with_backend(engine, request.backend)
    if request.userland_proxy is not None:
        engine = replace(engine, userland_proxy=request.userland_proxy)
    engine = apply(engine, list(request.flags))
    if found is None or not found.runs or before is None or before.networks is None:
        return engine, ""
    differs = (engine.version, engine.nftables, engine.userland_proxy) != (
        base.version, base.nftables, base.userland_proxy,
    )  # fmt: skip
    return engine, (found.unknown or base.name) if differs or request.flags else ""


def engine_for(request: Request, snapshot: Snapshot) -> Engine | None:
    """The engine that a request names for a host's drift; None where it names nothing."""
    if (request.version, request.backend, request.userland_proxy, request.flags) == (None, None, None, ()):
        return None
    return _engine(request, snapshot)[0]


def _acts(request: Request) -> tuple[list[Act], str, tuple[tuple[str, Evidence], ...]]:
    from sekisho.docker.commands import parse_lines

    acts: list[Act] = []
    for number, line in enumerate(request.creates, 1):
        acts += _typed(
            line, "network create", f"--create {number}" if len(request.creates) > 1 else "--create"
        )
    project = ""
    unset: tuple[tuple[str, Evidence], ...] = ()
    if request.compose:
        from sekisho.docker.compose import load_project
        from sekisho.docker.compose.acts import acts as compose_acts

        loaded = load_project(
            request.compose,
            project_name=request.project,
            profiles=request.profiles,
            env_files=request.env_files,
            bounds=request.bounds,
        )
        acts += compose_acts(loaded)
        project, unset = loaded.name, loaded.unset
    for script in request.scripts:
        try:
            text = Path(script).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(said("cannot be read: {0}", error), file=script) from error
        acts += parse_lines(text.split("\n"), script)
    for number, line in enumerate(request.runs, 1):
        acts += _typed(line, "run", f"--run {number}" if len(request.runs) > 1 else "--run")
    return acts, project, unset


def _typed(line: str, verb: str, where: str) -> list[Act]:
    """A line of the command line itself; ``docker run`` may be left out."""
    from sekisho.docker.commands import parse_command

    words = line.split()
    known = words[:1] in (["docker"], ["podman"], ["sudo"]) or line.startswith(verb)
    act = parse_command(line if known else f"docker {verb} {line}", Evidence(where, 1, line))
    return [] if act is None else [act]


# ---------------------------------------------------------------------------------------- changes


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is added or taken away: ``number`` is its place in the chain afterwards (before, for
    one that goes)."""

    tool: str
    table: str
    chain: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the host before and after. Pairs are (added, removed) in order."""

    rules: tuple[tuple[RuleChange, ...], tuple[RuleChange, ...]] = ((), ())
    policies: tuple[tuple[str, str, str], ...] = ()
    routes: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    interfaces: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    sysctls: tuple[tuple[str, str | None, str | None], ...] = ()
    sockets: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(slots=True)
class _Both:
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def pair(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        first, second = Counter(self.before), Counter(self.after)
        return tuple((second - first).elements()), tuple((first - second).elements())


def changes(made: Plan) -> Changes:
    """Compare the host of a plan with the host before it."""
    before, after = made.before.host, made.after.host
    policies: list[tuple[str, str, str]] = []
    first, second = dict(_chains(before)), dict(_chains(after))
    added: list[RuleChange] = []
    removed: list[RuleChange] = []
    for key, (policy, rules) in second.items():
        old_policy, old_rules = first.get(key, (policy, []))
        if policy != old_policy or (key not in first and policy == "DROP"):
            policies.append((" ".join(key), old_policy if key in first else "ACCEPT", policy))
        added += _missing_from(old_rules, rules, key)
    for key, (_, rules) in first.items():
        removed += _missing_from(second.get(key, ("", []))[1], rules, key)
    return Changes(
        (tuple(added), tuple(removed)),
        tuple(policies),
        _Both(list(_routes(before)), list(_routes(after))).pair(),
        _Both([i.name for i in before.interfaces or ()], [i.name for i in after.interfaces or ()]).pair(),
        tuple(_sysctls(before, after)),
        _Both(list(_sockets(before)), list(_sockets(after))).pair(),
    )


def _missing_from(others: Iterable[str], rules: list[str], key: tuple[str, str, str]) -> Iterator[RuleChange]:
    left = Counter(others)
    for number, text in enumerate(rules, 1):
        if left[text]:
            left[text] -= 1
        else:
            yield RuleChange(*key, number, text)


def _chains(host: Namespace) -> Iterator[tuple[tuple[str, str, str], tuple[str, list[str]]]]:
    for ruleset in host.rulesets:
        tool = "iptables" if ruleset.family == 4 else "ip6tables"
        for table in ruleset.tables:
            for chain in table.chains:
                rules = [render_rule(rule) for rule in chain.rules]
                yield (tool, table.name, chain.name), (chain.policy or "", rules)
    for own in host.nft.tables if host.nft is not None else ():
        if own.name.startswith("docker"):
            for chain_name, lines in nft_chains(own).items():
                yield ("nft", f"{own.family} {own.name}", chain_name), ("", lines)


def nft_chains(table: NftTable) -> dict[str, list[str]]:
    """The rules of each chain as nft prints them, counters without their numbers."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in nft_render.render(NftRuleset((table,))).split("\n"):
        text = line.strip()
        if text.startswith("chain "):
            name = text.split()[1]
            found[name] = []
        elif text.startswith("map ") or text == "}":
            name = ""
        elif name and text and not text.startswith("type "):
            found[name].append(re.sub(r"counter packets [0-9]{1,20} bytes [0-9]{1,20}", "counter", text))
    return found


def _routes(host: Namespace) -> Iterator[str]:
    from sekisho.sources import ip_route

    for route in host.routes:
        dev = route.nexthops[0].dev if route.nexthops else None
        if route.table == "main" and not (dev or "").startswith("veth"):
            bare = replace(route, nexthops=tuple(replace(h, flags=()) for h in route.nexthops))
            yield ip_route.render([bare]).strip()


def _sysctls(before: Namespace, after: Namespace) -> Iterator[tuple[str, str | None, str | None]]:
    """Switches of the host itself, and what dockerd sets on its bridges; not what every new interface
    starts with."""
    first: dict[str, str] = {item.key: item.value for item in before.sysctls or ()}
    for item in after.sysctls or ():
        if item.key in first:
            follows = item.key.endswith(".forwarding") and ".all." not in item.key
            if first[item.key] != item.value and not follows:
                yield item.key, first[item.key], item.value
        elif item.key.endswith(("route_localnet", "accept_ra")) and ".veth" not in item.key:
            default = first.get(f"{'.'.join(item.key.split('.')[:3])}.default.{item.key.rpartition('.')[2]}")
            if item.value != default:
                yield item.key, default, item.value
        elif item.key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            yield item.key, None, item.value


def _sockets(host: Namespace) -> Iterator[str]:
    for socket in host.sockets or ():
        process = (socket.process or "").partition('"')[2].partition('"')[0]
        shown = (
            f"[{socket.address}]"
            if socket.address and socket.address.family == 6
            else f"{socket.address or '*'}"
        )
        yield f"{socket.proto} {shown}:{socket.port} {process}".rstrip()
