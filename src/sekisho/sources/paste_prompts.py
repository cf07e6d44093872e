"""The lines of pasted text that open a section: prompts, bare commands, files' headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence
from sekisho.sources.command_line import Command, read_command
from sekisho.sources.paste_section import Section
from sekisho.sources.recognise import Format, by_name, of_line

NO_COMMAND = Command(None)

_FILE_HEADING = re.compile(r"==> (?:\S*/)?([\w.-]+) <==\s*$")
_HEADING = re.compile(r"\s*(?:[#=*>-]{2,}|`)\s*")
_HEADING_END = "#=*:`-"
# A prompt that cannot be anything else; `host` is the machine's name where it shows one.
_PROMPTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\s*\[(?:\w[\w.-]*@)?(?P<host>[\w.-]+)[^\]]*\][#$%]\s?(?P<command>.*)",
        r"\s*(?:\([\w.-]+\)\s*)?[\w.-]+@(?P<host>[\w.-]+)[: ]\S*\s?[#$%]\s?(?P<command>.*)",
        r"\s*\$ (?P<command>.*)",
        r"\s*\$\s*(?P<command>)$",
        r"[/~]\S* [#$] ?(?P<command>.*)",
        r"(?:ba|z|a)?sh-[0-9.]+[#$] ?(?P<command>.*)",
    )
)
# These begin other things as well: a prompt only where a known command follows.
_WEAK_PROMPT = re.compile(r"\s*(?:[#%>+❯➜]|[\w.-]+[#>%])\s*(?P<command>.*)")


@dataclass(slots=True)
class Shells:
    """Where the person types: the host that the last prompt named, and a shell inside a namespace.

    ``docker exec -it web sh`` puts all that follows into ``web``, until ``exit`` or until the prompt
    from before comes back.
    """

    host: str = ""
    outer: str = ""
    namespace: str | None = None
    weak_prompts: set[str] = field(default_factory=set)

    def typed(self, prompt: str, host: str, command: Command, text: str) -> Command:
        """The command, with the namespace that it runs in."""
        self.host = host or self.host
        if self.namespace is not None and prompt == self.outer:
            self.namespace = None
        inside = self.namespace
        if text in ("exit", "logout"):
            self.namespace = None
        elif command.shell and inside is None:
            self.outer, self.namespace = prompt, command.namespace
        return replace(command, namespace=command.namespace or inside)


def opened_by(line: str, number: int, file: str, inside_block: bool, shells: Shells) -> Section | None:
    """The section that a prompt, a bare command or a file's heading opens."""
    heading = _FILE_HEADING.match(line)
    if heading:
        expected = by_name(heading[1])
        format_ = expected.usual(heading[1]) if expected else None
        return Section(number + 1, format_, None, Evidence(file, number, line), expected, shells.host)
    evidence = Evidence(file, number, line)
    for pattern in _PROMPTS:
        match = pattern.match(line)
        if match:
            host = (match.groupdict().get("host") or "").rstrip(":")
            typed = match["command"].strip()
            command = (read_command(typed) or Command(None, by_content=True)) if typed else NO_COMMAND
            prompt = line[: match.start("command")].strip()
            command = shells.typed(prompt, host, command, typed)
            if command.format is Format.IPTABLES_COMMANDS:
                return _typed_itself(number, typed, command, evidence, host or shells.host)
            return Section(number + 1, command.format, command, evidence, None, host or shells.host)
    if inside_block:
        return None
    if line.strip() in shells.weak_prompts:
        return Section(number + 1, None, NO_COMMAND, evidence, None, shells.host)
    for at, typed in _weakly_typed(line):
        known = read_command(typed) if typed else None
        if known is not None and known.format is Format.IPTABLES_COMMANDS and line.lstrip().startswith("#"):
            continue  # a line of a script that is commented out, as far as anybody can tell
        if known is not None and known.format is not None:
            prompt = line[:at].strip()
            shells.weak_prompts.add(prompt)
            command = shells.typed(prompt, "", known, typed)
            if command.format is Format.IPTABLES_COMMANDS:
                return _typed_itself(number, typed, command, evidence, shells.host)
            return Section(number + 1, command.format, command, evidence, None, shells.host)
    known = read_command(line) if re.match(r"[a-z/]", line) else None
    if known is not None and known.format is not None and of_line(line) is None:
        return Section(number + 1, known.format, known, evidence, None, shells.host)
    return None


def _typed_itself(number: int, typed: str, command: Command, evidence: Evidence, host: str) -> Section:
    """A command that tells by itself what it does; what follows it is its complaint."""
    section = Section(number, command.format, command, evidence, None, host)
    section.add(typed)
    return section


def _weakly_typed(line: str) -> Iterator[tuple[int, str]]:
    """What may be a command behind what may be a prompt or the head of a text, with its place."""
    weak = _WEAK_PROMPT.match(line)
    if weak:
        yield weak.start(1), weak[1]
    heading = _HEADING.match(line)
    if heading:
        yield heading.end(), line[heading.end() :].rstrip(_HEADING_END).rstrip()
