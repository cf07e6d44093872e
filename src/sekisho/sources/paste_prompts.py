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
_TIME = r"(?:\[?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\]?\s+)?"
_PLACE = r"(?:\([\w.-]+\)\s*)?"
# A prompt that cannot be anything else; `host` is the machine's name where it shows one.
_PROMPTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\s*{_TIME}{_PLACE}\[(?:\w[\w.-]*@)?"
        r"(?P<host>[\w.-]+)[^\]]*\]\s?[#$%]\s?(?P<command>.*)",
        rf"\s*{_TIME}{_PLACE}[\w.-]+@(?P<host>[\w.-]+)[: ]\S*\s?[#$%]\s?(?P<command>.*)",
        rf"\s*{_TIME}{_PLACE}[\w.-]+@(?P<host>[\w.-]+)[: ]?[~/]\S*> ?(?P<command>.*)",
        r"\s*(?P<host>[A-Za-z][\w.-]*):[~/]\S*\s?(?:[\w.-]+)?[#$%]\s?(?P<command>.*)",
        r"\s*(?:PS )?[A-Za-z]:\\[^<>|?*]*> ?(?P<command>.*)",
        r"\s*PS [~/][^<>|?*]*> ?(?P<command>.*)",
        r"\s*➜\s+\S+(?:\s+git:\(\S*\))?(?:\s+✗)?(?:\s+(?P<command>.*)|$)",
        r"\s*\$ (?P<command>.*)",
        r"\s*\$\s*(?P<command>)$",
        r"(?P<host>[A-Za-z][\w.-]*)\$(?: (?P<command>.*)|$)",
        r"[/~]\S* [#$] ?(?P<command>.*)",
        r"(?:ba|z|a)?sh-[0-9.]+[#$] ?(?P<command>.*)",
    )
)
# What every one of them has; cheap to ask of each line of a long text.
_SIGN = re.compile("[$#%>➜]")
# These begin other things as well: a prompt only where a known command follows.
_WEAK_PROMPT = re.compile(r"\s*(?:[#%>+❯➜λ»]|(?P<host>[\w.-]+)[#>%])\s*(?P<command>.*)")
# What stands before a sign and is not the name of a machine: a user, a program, or the word for any.
_NOT_A_HOST = frozenset(
    {
        "host", "hostname", "localhost", "server", "machine", "user", "username", "root", "admin", "ubuntu",
        "debian", "centos", "fedora", "rocky", "almalinux", "ec2-user", "pi", "core", "opc", "vagrant",
        "docker", "sh", "bash", "zsh", "ash", "dash", "fish", "ksh", "shell", "prompt", "console", "terminal",
        "linux", "me",
    }
)  # fmt: skip


# Programs that print nothing about where packets go.
_OTHER_PROGRAMS = frozenset(
    {
        "alias", "apt", "apt-get", "cd", "clear", "curl", "date", "df", "dig", "dnf", "du", "echo", "emacs",
        "exit", "export", "free", "getent", "groups", "history", "host", "hostname", "hostnamectl", "id",
        "less", "logout", "ls", "lsb_release", "man", "mkdir", "mtr", "nano", "nc", "ncat", "nslookup",
        "ping", "ping6", "ps", "pwd", "rm", "script", "set", "source", "ssh", "su", "telnet", "time", "top",
        "touch", "tracepath", "traceroute", "uname", "unset", "uptime", "vi", "vim", "wget", "which", "who",
        "whoami", "yum",
    }
)  # fmt: skip


def tells_nothing(line: str) -> bool:
    """Whether what was typed at a prompt has no listing to show: it is a part of the story around."""
    match = next((found for pattern in _PROMPTS if (found := pattern.match(line))), None)
    words = (match["command"] or "").split() if match else []
    while words and (words[0] == "sudo" or words[0].startswith("-")):
        words.pop(0)
    return bool(match) and (not words or words[0] in _OTHER_PROGRAMS)


def is_prompt(line: str) -> bool:
    """Whether a line begins as a shell's prompt and nothing else does."""
    return _SIGN.search(line) is not None and any(pattern.match(line) for pattern in _PROMPTS)


def _host_of(match: re.Match[str]) -> str:
    """The machine that a prompt names, "" where it names none; behind an ``@`` stands always one."""
    name = (match.groupdict().get("host") or "").rstrip(":.-")
    sure = "@" in match.string[: match.start("host")] if name else False
    return "" if not sure and name.lower() in _NOT_A_HOST else name


@dataclass(slots=True)
class Shells:
    """Where the person types: the host that the last prompt named, and a shell inside a namespace.

    ``docker exec -it web sh`` puts all that follows into ``web``, until ``exit`` or until the prompt
    from before comes back; the name in its prompt is the container's (``at_host`` is False).
    """

    host: str = ""
    at_host: bool = True
    outer: str = ""
    namespace: str | None = None
    weak_prompts: set[str] = field(default_factory=set)

    def typed(self, prompt: str, host: str, command: Command, text: str) -> Command:
        """The command, with the namespace that it runs in."""
        if self.namespace is not None and prompt == self.outer:
            self.namespace = None
        inside = self.namespace
        self.at_host = inside is None
        if self.at_host:
            self.host = host or self.host
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
    for pattern in _PROMPTS if _SIGN.search(line) else ():
        match = pattern.match(line)
        if match:
            host = _host_of(match)
            typed = (match["command"] or "").strip()
            command = (read_command(typed) or Command(None, by_content=True)) if typed else NO_COMMAND
            prompt = (line[: match.start("command")] if typed else line).strip()
            command = shells.typed(prompt, host, command, typed)
            return _typed_at(number, command, evidence, host, shells, typed)
    if inside_block:
        return None
    if line.strip() in shells.weak_prompts:
        return Section(number + 1, None, NO_COMMAND, evidence, None, shells.host)
    for at, host, typed in _weakly_typed(line):
        known = read_command(typed) if typed else None
        if known is not None and known.format is Format.IPTABLES_COMMANDS and line.lstrip().startswith("#"):
            continue  # a line of a script that is commented out, as far as anybody can tell
        if known is not None and known.format is not None:
            prompt = line[:at].strip()
            shells.weak_prompts.add(prompt)
            command = shells.typed(prompt, host, known, typed)
            return _typed_at(number, command, evidence, host, shells, typed)
    # `iptables v1.8.7 (nf_tables): ...` is what the program says, and nobody types.
    known = read_command(line) if re.match(r"[a-z/](?!\S* v[0-9]+\.)", line) else None
    if known is not None and known.format is not None and of_line(line) is None:
        return replace(_typed_at(number, known, evidence, "", shells, line), bare=True)
    return None


def _typed_at(
    number: int, command: Command, place: Evidence, host: str, shells: Shells, typed: str
) -> Section:
    """The section of a command line; ``host`` is what its own prompt names. A command that tells by itself
    what it does is the first line of it: what follows is its complaint."""
    named = command.host or (host if shells.at_host else "")
    if command.format is Format.IPTABLES_COMMANDS:
        section = Section(number, command.format, command, place, None, named or shells.host, bool(named))
        section.add(typed)
        return section
    return Section(number + 1, command.format, command, place, None, named or shells.host, bool(named))


def _weakly_typed(line: str) -> Iterator[tuple[int, str, str]]:
    """What may be a command behind what may be a prompt or a heading: its place, the host, itself."""
    weak = _WEAK_PROMPT.match(line)
    if weak:
        yield weak.start("command"), _host_of(weak), weak["command"]
    heading = _HEADING.match(line)
    if heading:
        yield heading.end(), "", line[heading.end() :].rstrip(_HEADING_END).rstrip()
