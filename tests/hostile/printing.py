"""What a stranger wrote, through every verb and view: it acts on nobody, each form is what it claims to be.

python -m tests.hostile.printing [--rounds N] [--seed S] [--only FORMAT]...

``Asked.complaints`` has an idea of its own of what may be printed; it does not ask the program's.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from sekisho.cli.main import main as sekisho
from tests.hostile.planting import Field, Files, Format, Planting, fields, formats, planted
from tests.hostile.strings import HOSTILE

# A stranger's line, coloured as ours are, and what might end a string of each format in which it stands; in
# characters that YAML's escapes in JSON can name (pairs of surrogates are none).
FORGED = "FORGED"
EVIL = (
    "e\x1b[31mFAKE\x1b[0m\x1b]8;;http://evil/\x07\x1b[2J\x9b31m\x7f\u202e\u2066\u061c\u200f\u200b\u2060\ufeff\u00ad\u3164"
    '\u2028\u2029\x85\ufffe"\'`]]>--></text><script>x</script><a href="javascript:x">#quot;'
    f"%%{{init: {{}}}}%% click a \\\r\n{FORGED}: passed\n  = {FORGED}\r{FORGED}"
)
# What a name of 15 bytes can hold, and of 31.
NAMES = (
    "e\x1b[31mFAKE",
    "e\u202ef\u2066",
    "e\u200b\x9bf",
    "a\"<b>`#'|",
    f"e\n{FORGED}",
    "\x1b]0;t\x07",
    "\ud800x",
    "e\rx\tz",
)
PRINTED = (EVIL, *NAMES, "\udcff\udc80", "a\U000e0041b", "]]>", "\ufffe\uffff", "<!--", "x\0y")

_CAPTURED_AS_LINES = (".txt", ".toml")
_WHATS = (
    "routes", "rules", "raw", "nat", "filter", "addresses", "links", "neighbours", "networks", "sysctl",
    "sysctl-files", "sockets",
)  # fmt: skip
_LONG = ("check", "diff", "lint", "reach")
_TINT = re.compile(r"\x1b\[[0-9]+m")
_MERMAID = re.compile(
    r"flowchart LR|  end|(?: {2}| {4})n_\w+ --- n_\w+|"
    r"(?:  subgraph |  | {4})n_\w+(?:\[|\(\[)\"(?:[\w .:/,()-]|<br/>|#\d+;)*\"(?:\]|\]\))",
    re.ASCII,
)
_SVG = {"svg", "title", "style", "rect", "text", "path"}
POLICY = {
    "version": 1,
    "assertions": [
        {"name": "web", "allow": {"from": "internet", "to": "10.0.0.10:8080"}},
        {"name": "db", "deny": {"from": ["internet", "host"], "to": "container:web", "proto": "tcp"}},
        {"only": {"from": "host", "to": "container:web:80"}},
        {"name": "apart", "isolated": ["container:web", "host"]},
        {"same-as": "../clean"},
    ],
}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def all_formats() -> list[Format]:
    """Those of planting, and a policy."""
    return [*formats(), Format("policy.json", {"policy.json": json.dumps(POLICY)})]


@dataclass
class Asked:
    """Asks what stands in ``folder`` every question, and collects what is wrong with the answers.

    ``lines``: the stranger's line feeds stand inside of values (they are no lines of a captured text).
    ``sparing``: draws one form for each question, and of the long ones every second.
    """

    folder: Path
    lines: bool = True
    count: int = 0
    found: list[str] = field(default_factory=list)
    sparing: random.Random | None = None

    def format(self, one: Format, files: Files) -> None:
        """Write them down and ask everything that this format can be asked."""
        root = self.folder / "given"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode(errors="surrogatepass"))
        place = root if one.folder else root / one.name
        asked = _OF.get(one.name, _snapshot)
        for words in asked(str(place), str(self.folder)):
            self.all_forms(*words)
        for path in sorted(root.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def all_forms(self, *words: str) -> None:
        """As text, in Japanese with colours, as JSON."""
        if self.sparing is not None and words[0] in _LONG and self.sparing.random() < 0.5:
            return
        told = " ".join(words)
        forms: tuple[tuple[str, ...], ...] = ((), ("--lang", "ja"), ("--json",))
        for more in forms if self.sparing is None else (self.sparing.choice(forms),):
            color = "--lang" in more
            status, out, err = run(*words, *more, color=color)
            self.count += 1
            json_due = "--json" in more and status != 2 and "--print-commands" not in words
            self.text(f"{told} (stderr)", err)
            if status not in (0, 1, 2, 3):
                self.found.append(f"{told} {more} ends with {status}: {err[-300:]}")
            elif json_due:
                self._drawings(told, self.document(told, out))
            else:
                self.text(told, out, color)
            if "--json" not in more and status != 2:
                self._view(told, words, out)
        for kind in ("junit", "sarif"):
            path = self.folder / kind
            if path.exists():
                (self.xml if kind == "junit" else self.sarif)(f"{told} {kind}", path.read_bytes().decode())
                path.unlink()

    def _view(self, told: str, words: Sequence[str], out: str) -> None:
        if "svg" in words:
            self.svg(told, out)
        elif "mermaid" in words:
            wrong = [line for line in out.splitlines() if not _MERMAID.fullmatch(line)]
            self.found += [f"{told}: no Mermaid of ours: {line!r}" for line in wrong]

    def _drawings(self, told: str, document: object) -> None:
        """Those in a document are as good as by themselves."""
        if isinstance(document, dict) and document.get("schema") == "sekisho/lab-graph/1":
            self.svg(told, document["svg"])
            self._view(told, ["mermaid"], document["mermaid"])

    def text(self, told: str, out: str, color: bool = False) -> None:
        """For people: nothing acts, and no line is another's."""
        if "\x1b[31mFAKE" in out:
            self.found.append(f"{told}: somebody else's tint")
        plain = _TINT.sub("", out) if color else out
        bad = sorted({letter for letter in plain if acts(letter)})
        if bad:
            self.found.append(f"{told}: {bad}")
        if self.lines:
            forged = [line for line in plain.split("\n") if line.lstrip(" -=").startswith(FORGED)]
            self.found += [f"{told}: a stranger's line {line!r}" for line in forged]

    def document(self, told: str, out: str) -> object:
        """JSON, of which no key is there twice."""
        if bad := sorted({letter for letter in out if acts(letter)}):
            self.found.append(f"{told} --json: {bad}")
        try:
            return json.loads(out, object_pairs_hook=_once)
        except ValueError as error:
            self.found.append(f"{told} --json: {error}: {out[:200]!r}")
            return None

    def xml(self, told: str, text: str) -> ElementTree.Element | None:
        """XML that a parser takes, without characters that act."""
        self.text(told, text)
        try:
            return ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            self.found.append(f"{told}: {error}: {text[:300]!r}")
            return None

    def svg(self, told: str, text: str) -> None:
        """A drawing that runs nothing and refers to nothing."""
        root = self.xml(told, text)
        for one in [] if root is None else list(root.iter()):
            name = one.tag.removeprefix("{http://www.w3.org/2000/svg}")
            odd = [key for key in one.attrib if key.startswith("on") or "href" in key or ":" in key]
            if name not in _SVG or odd:
                self.found.append(f"{told}: <{name}> {odd}")

    def sarif(self, told: str, text: str) -> None:
        """What SARIF 2.1.0 requires, and what it says of each value that we write."""
        document = self.document(told, text)
        self.found += [f"{told}: {what}" for what in sarif_faults(document)]


def sarif_faults(document: object) -> Iterator[str]:
    """By sarif-schema-2.1.0.json of OASIS: required keys, enumerations, formats, numbers from 1 on."""
    if (
        not isinstance(document, dict)
        or document.get("version") != "2.1.0"
        or set(document) - {"$schema", "version", "runs"}
    ):
        yield "no SARIF"
        return
    for one in document["runs"]:
        driver = one["tool"]["driver"]
        ids = [rule["id"] for rule in driver["rules"]]
        if not driver["name"] or len(ids) != len(set(ids)):
            yield f"rules {ids}"
        for result in one["results"]:
            if result["ruleId"] not in ids or result["level"] not in ("none", "note", "warning", "error"):
                yield f"result {result['ruleId']} {result['level']}"
            if not isinstance(result["message"]["text"], str):
                yield "a message without text"
            for location in result["locations"]:
                physical = location["physicalLocation"]
                uri = physical["artifactLocation"]["uri"]
                # A relative reference of RFC 3986, percent-encoded.
                if not re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri):
                    yield f"no URI: {uri!r}"
                if physical.get("region", {}).get("startLine", 1) < 1:
                    yield f"region {physical['region']}"


def run(*words: str, color: bool = False) -> tuple[int, str, str]:
    """One command line in this process: status, standard output, standard error. 70: an exception."""
    out, err = _Terminal() if color else io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = sekisho(words)
        except Exception as error:
            status, _ = 70, err.write(f"{type(error).__name__}: {str(error)!a}")
    return status, out.getvalue(), err.getvalue()


def acts(letter: str) -> bool:
    """What a terminal does, or what nobody would see."""
    # Of the separators, only the two spaces that English and Japanese text have.
    return letter not in "\n\t \u3000" and unicodedata.category(letter)[0] in "CZ"


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key is there twice: {[key for key, _ in pairs]}")
    return found


# ------------------------------------------------------------------------------ questions


def _snapshot(place: str, folder: str) -> Iterator[Sequence[str]]:
    clean = f"{folder}/clean"
    yield "explain", place
    for what in _WHATS:
        yield "show", place, what
    yield "show", place, "filter", "--format", "save"
    yield "show", place, "routes", "--table", "all"
    for netns in ("web", EVIL):
        yield "show", place, "addresses", "--netns", netns
    yield "trace", place, "internet", "10.0.0.10:8080"
    yield "trace", place, "host", "container:web:80"
    yield "trace", place, "container:web", "192.0.2.1"
    yield "exposed", place
    yield "lint", place, "--sarif", f"{folder}/sarif"
    yield "reach", place
    yield "reach", place, "--from", "internet", "--to", "container:web:80", "--explain"
    yield "reach", place, "--chain", "FORWARD", "--full"
    yield "diff", clean, place
    yield "check", place, f"{folder}/policy.json", "--junit", f"{folder}/junit", "--sarif", f"{folder}/sarif"
    yield "plan", "--drift", place
    yield "plan", f"{folder}/compose.json", "--on", place
    yield from _drawn(place)


def _drawn(place: str, _: str = "") -> Iterator[Sequence[str]]:
    for form in ("text", "mermaid", "svg"):
        yield "lab", "graph", place, "--format", form
    yield "lab", "up", place, "--print-commands"


def _compose(place: str, folder: str) -> Iterator[Sequence[str]]:
    yield "plan", place
    yield "plan", place, "--on", f"{folder}/clean"
    yield from _drawn(place)


def _policy(place: str, folder: str) -> Iterator[Sequence[str]]:
    yield "check", f"{folder}/clean", place, "--junit", f"{folder}/junit", "--sarif", f"{folder}/sarif"


_OF: dict[str, Callable[[str, str], Iterator[Sequence[str]]]] = {
    "topology.json": _drawn,
    "compose.json": _compose,
    "policy.json": _policy,
}


def prepared(folder: Path) -> Path:
    """A folder with what the questions need besides: a host without hostility, a policy, a compose file."""
    by_name = {one.name: one for one in all_formats()}
    for name, text in by_name["text"].files.items():
        path = folder / "clean" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "compose.json").write_text(by_name["compose.json"].files["compose.json"])
    (folder / "policy.json").write_text(
        by_name["policy.json"].files["policy.json"].replace("../clean", "clean")
    )
    return folder


# ------------------------------------------------------------------------------ plantings


def drawn(one: Format, number: int, each: int, seed: str) -> Iterator[list[Planting]]:
    """So many plantings with so many strings in different fields."""
    chosen = random.Random(f"{seed} {one.name}")
    places = fields(one)
    for _ in range(number):
        taken: dict[object, Planting] = {}
        for place in chosen.sample(places, min(each, len(places))):
            taken[place.file, place.span, place.path] = (place, chosen.choice((*PRINTED, *HOSTILE)))
        yield list(taken.values())


def values(one: Format) -> list[Planting]:
    """What is told in many places as it stands (comments, names, titles), each with all that may act."""
    return [
        (place, EVIL if place.path[-1:] != ("ifname",) else NAMES[0]) for place in fields(one) if _told(place)
    ]


def _told(place: Field) -> bool:
    names = (
        "comment", "name", "title", "hostname", "Hostname", "InstanceId", "Image", "ifname", "protocol",
        "image", "label", "stp_state", "qdisc",
    )  # fmt: skip
    return place.after and not place.key and place.path[-1:] != () and place.path[-1] in names


def plant(asked: Asked, one: Format, strings: list[Planting]) -> None:
    """Ask about a format with strings in it."""
    # A line feed in a captured text begins a line of that text.
    asked.lines = not any(place.file.endswith(_CAPTURED_AS_LINES) for place, _ in strings)
    before = len(asked.found)
    asked.format(one, planted(one, strings))
    if len(asked.found) > before:
        told = [(str(place), text if text not in (EVIL,) else "EVIL") for place, text in strings]
        asked.found[before:] = [f"{found}\n    {one.name} {told}" for found in asked.found[before:]]


def main() -> int:
    """Each way to be told by itself in all forms, then so many drawn plantings of each format."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", default="1")
    args = parser.parse_args()
    os.environ["TERM"] = "xterm"
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(prepared(Path(folder)))
        for one in all_formats():
            if args.only is not None and one.name not in args.only:
                continue
            asked.sparing = None
            for each in values(one):
                plant(asked, one, [each])
            asked.sparing = random.Random(args.seed)
            for strings in drawn(one, args.rounds, 8, args.seed):
                plant(asked, one, strings)
            print(one.name, asked.count, len(asked.found), file=sys.stderr, flush=True)
    print("\n".join(asked.found[:200]) or f"{asked.count} answers act on nobody")
    return 1 if asked.found else 0


if __name__ == "__main__":
    sys.exit(main())
