"""Builds what a stranger wrote, inside a sandbox, and tells what of it got out, as JSON.

python -m tests.hostile.campaign --share 1/4                    that part of every string in every field
python -m tests.hostile.campaign --rounds 5 --each 8 --seed 1   of each format so many, with so many strings
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import random
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from sekisho.cli.main import main as sekisho
from sekisho.errors import SekishoError
from sekisho.lab.system.plan import Plan
from sekisho.lab.system.source import plan_of
from tests.hostile.planting import Field, Files, Format, Planting, fields, formats, planted
from tests.hostile.printing import acts
from tests.hostile.sandbox import STAGE, Sandbox
from tests.hostile.strings import HOSTILE, SECRET

# A rule's comment, by its place in the sample.
_COMMENT = ("nftables", 14, "rule", "comment")
_WHOLE_EVERY = 50
_TRIES = 60  # strings that are looked at for one system
_LIMIT = 120  # seconds for one command
# Printed commands are for a shell: these stand for the real ones. What else it would run is an effect.
_STAND_INS = "".join(
    f"{name}() {{ :; }}\n"
    for name in (
        "ip", "sysctl", "nft", "iptables", "ipset", "bridge", "tc", "nsenter", "mount", "mkdir", "sudo",
    )
)  # fmt: skip
_FLOWS = '{"from": "internet", "dst": "10.0.0.10:8080"}\n{"from": "host", "dst": "172.17.0.2:80"}\n'


@dataclass(slots=True)
class Count:
    """What a campaign did."""

    read: int = 0
    refused: int = 0
    built: int = 0
    verified: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)


class Campaign:
    """One sandbox; each distinct system is built once."""

    def __init__(self, seen: set[bytes] | None = None) -> None:
        os.environ["TMPDIR"] = str(STAGE)
        self.sandbox = Sandbox()
        self.count = Count()
        self._seen: set[bytes] = set() if seen is None else seen
        self._recent: list[str] = []
        self._faults: set[str] = set()

    def plant(self, one: Format, strings: Sequence[Planting], *, verify: bool = True) -> bool:
        """Put it there and build it, unless the same system stood before; whether it could be read."""
        place = self._stage(one, planted(one, list(strings)))
        self.count.read += 1
        told = _told(one, strings)
        plan = self._plan(place, told)
        if plan is None:
            self.count.refused += 1
            return False
        digest = hashlib.sha256(pickle.dumps(replace(plan, title="", remarks=(), origin=None))).digest()
        if digest not in self._seen:
            self._seen.add(digest)
            self._build(one, place, told, verify)
        return True

    def readable(self, one: Format, strings: Sequence[Planting]) -> bool:
        """Whether a plan can be made of it."""
        return self._plan(self._stage(one, planted(one, list(strings))), _told(one, strings)) is not None

    def _stage(self, one: Format, files: Files) -> Path:
        root = STAGE / "given"
        if root.exists():
            for path in sorted(root.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode(errors="surrogatepass"))
        return root if one.folder else root / one.name

    def _plan(self, place: Path, told: str) -> Plan | None:
        """What is read and planned; None where it is refused. Any other error of the readers is a find."""
        signal.alarm(_LIMIT)
        try:
            return plan_of(str(place))
        except SekishoError as error:
            self._hush(str(error) + error.text + error.advice, str(place))
            return None
        except Exception:
            fault = traceback.format_exc(limit=-3)
            if fault not in self._faults:  # many strings lead to one fault
                self._faults.add(fault)
                self.count.found.append(f"a fault while reading: {fault}\n    after {told}")
            return None
        finally:
            signal.alarm(0)

    def _build(self, one: Format, place: Path, told: str, verify: bool) -> None:
        self.count.built += 1
        self._recent.append(told)
        self._command(told, "lab", "up", str(place), "--name", "built")
        self._command(told, "lab", "down", "built")
        script = self._command(told, "lab", "up", str(place), "--print-commands")
        self._shell(told, script)
        if verify:
            self.count.verified += 1
            flows = STAGE / "flows"
            flows.write_text(_FLOWS)
            more = ["--flows", str(flows)] if one.folder else ["--from", "host"]
            self._command(told, "lab", "verify", str(place), *more)
        effects = self.sandbox.whole() if self.count.built % _WHOLE_EVERY == 0 else self.sandbox.quick()
        self._report(effects)

    def finish(self) -> Count:
        """The last look at everything."""
        self._report(self.sandbox.whole())
        return self.count

    def _report(self, effects: list[str]) -> None:
        if effects:
            self.count.found += [f"{effect[:300]}\n    after {self._recent}" for effect in effects]
        if effects or self.count.built % _WHOLE_EVERY == 0:
            self._recent.clear()

    def _command(self, told: str, *words: str) -> str:
        out = os.memfd_create("out")
        child = os.fork()
        if child == 0:
            signal.alarm(_LIMIT)
            for fd in (1, 2):
                os.dup2(out, fd)
            status = 70
            try:
                status = sekisho(words)
                sys.stdout.flush()
                sys.stderr.flush()
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        _, wait = os.waitpid(child, 0)
        status = os.waitstatus_to_exitcode(wait)
        said = os.pread(out, 1 << 24, 0).decode(errors="replace")
        os.close(out)
        self._hush(said, told)
        if bad := sorted({letter for letter in said if acts(letter)}):
            self.count.found.append(f"{words} prints {bad}\n    after {told}")
        kind = f"{words[0]} {words[1]}{' --print-commands' * ('--print-commands' in words)}"
        self._add(f"{kind}: {status}")
        if status not in (0, 1, 2, 3) or "Traceback (most recent" in said:
            self.count.found.append(f"{kind} ends with {status}: {said[-400:]}\n    after {told}")
        return said if status == 0 else ""

    def _shell(self, told: str, script: str) -> None:
        out = os.memfd_create("out")
        child = os.fork()
        if child == 0:
            signal.alarm(_LIMIT)
            os.set_inheritable(out, True)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.chdir(STAGE)
            os.execv("/bin/bash", ["bash", "-c", _STAND_INS + script])
        _, wait = os.waitpid(child, 0)
        said = os.pread(out, 1 << 20, 0).decode(errors="replace")
        os.close(out)
        self._hush(said, told)
        if wait or said:
            self.count.found.append(
                f"the printed commands in a shell: {wait}, {said[:300]!r}\n    after {told}"
            )

    def _hush(self, said: str, told: str) -> None:
        if SECRET in said:
            self.count.found.append(f"told what the secret holds\n    after {told}")

    def _add(self, what: str) -> None:
        self.count.statuses[what] = self.count.statuses.get(what, 0) + 1


def _told(one: Format, strings: Sequence[Planting]) -> str:
    return f"{one.name} {[(str(place), text[:80]) for place, text in strings]}"


def singles(one: Format) -> Iterator[list[Planting]]:
    """Every string in every field, one at a time."""
    for place in fields(one):
        for text in HOSTILE:
            yield [(place, text)]


def known(one: Format) -> Iterator[list[Planting]]:
    """Where strings once came to a command, a path or a shell, and those that did."""
    batch = [text for text in HOSTILE if "netns add" in text]
    read = [text for text in HOSTILE if "include" in text]
    shell = [text for text in HOSTILE if text.startswith(("$(", "EOF", "RULES"))]
    paths = [text for text in HOSTILE if text.startswith((".", "/", "net"))]
    host = ("hosts", "host")
    ways: dict[str, list[tuple[Field, list[str]]]] = {
        "json": [
            (Field("ip-addr.json", path=(2, "ifname")), batch),
            (Field("ip-route.json", path=(1, "protocol")), batch),
            (Field("nft-ruleset.json", path=_COMMENT), [*read, *shell]),
            (Field("nft-ruleset.json", path=("nftables", 1, "table", "handle")), ["-1"]),
        ],
        "text": [(Field("sysctl.txt", span=(0, len("net.ipv4.ip_forward"))), paths)],
        "topology.json": [
            (Field("topology.json", path=(*host, "routes", 0), after=True), batch),
            (Field("topology.json", path=(*host, "nft")), read),
            (Field("topology.json", path=(*host, "iptables"), after=True), [*shell, *read]),
        ],
        "compose.json": [(Field("compose.json", path=("services", "db", "env_file", 0, "path")), paths)],
    }
    for place, texts in ways.get(one.name, []):
        yield from ([(place, text)] for text in texts)


def rounds(campaign: Campaign, one: Format, number: int, each: int, seed: int) -> None:
    """So many systems, each with so many strings of which none alone makes a reader refuse the whole."""
    chosen = random.Random(f"{seed} {one.name}")
    places = fields(one)
    for _ in range(number):
        taken: dict[object, Planting] = {}
        for _ in range(_TRIES):
            place, text = chosen.choice(places), chosen.choice(HOSTILE)
            if len(taken) < each and campaign.readable(one, [(place, text)]):
                taken[place.file, place.span, place.path] = (place, text)
        strings = list(taken.values())
        # What each alone allows, all together may not.
        while strings and not campaign.plant(one, strings):
            strings = strings[: len(strings) // 2]


def main() -> None:
    """Run a campaign, and print its count as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append")
    args = parser.parse_args()
    mine, of = map(int, args.share.split("/"))
    chosen = [one for one in formats() if args.only is None or one.name in args.only]
    campaign = Campaign()
    for one in chosen:
        if args.known:
            for strings in known(one):
                campaign.plant(one, strings)
        elif args.rounds is not None:
            rounds(campaign, one, args.rounds, args.each, args.seed)
        else:
            for strings in islice(singles(one), mine - 1, None, of):
                campaign.plant(one, strings)
        count = campaign.count
        print(one.name, count.read, count.refused, count.built, len(count.found), file=sys.stderr, flush=True)
    print(json.dumps(asdict(campaign.finish())))


if __name__ == "__main__":
    main()
