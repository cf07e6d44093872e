"""What a command line says about the text that follows it: format, family, table, namespace, filter.

    sudo iptables -t nat -nL -v            IPTABLES_LIST, family 4, table nat
    docker exec web ip -6 route            IP_ROUTE, family 6, in namespace "web"
    ip route show table 10001 | grep eth1  IP_ROUTE, table "10001", partial

Only what decides is read; a command that none of the readers knows gives None.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from itertools import pairwise

from sekisho.sources.command_docker import docker_asked
from sekisho.sources.command_net_tools import Asked, ifconfig_asked, netstat_asked, ss_asked
from sekisho.sources.recognise import Format
from sekisho.sources.sysctl import key_of_path
from sekisho.values.address import Family

# Cheap to ask of every line of a long text, unlike splitting it into words.
_MAY_BE_COMMAND = re.compile(
    r"\s*(?:\S*/)?(?:sudo|doas|command|time|nice|env|exec|busybox|builtin|ip|ip6?tables|ifconfig|docker-compose|ufw|firewall-cmd|ip6?tables-\S+"
    r"|sysctl|ss|conntrack|nft|ipset|docker|podman|route|netstat|cat|bridge|nsenter|ssh|kubectl)(?:\s|$)"
)


@dataclass(frozen=True, slots=True)
class Command:
    """``format`` None: a known program whose output tells (``cat FILE``) or that no reader reads.

    ``partial`` says why the output is not everything there is (a filter, one chain, one device);
    ``filtered``: lines may be missing anywhere in it; ``whole_tables``: the tables in it are there whole.
    ``backend``: "legacy" or "nft" where the program's name says so.
    ``sysctl_key``: the output is that key's bare value. ``proto``: sockets of one kind, for ss.
    ``shell``: what follows is typed in an interactive shell in ``namespace``.
    ``only_family``: the option -4 or -6 leaves out the other one, where both are shown without it.
    ``subject``: what the output does not say again: of ``docker port`` the container, of ``docker inspect
    -f`` the template and the containers.
    ``by_content``: the output may be told by what it looks like (``cat FILE``, a script). ``host``: the
    machine where it runs, where the command line names another one (``ssh web1 ip route``).
    """

    format: Format | None
    family: Family = 4
    table: str | None = None
    namespace: str | None = None
    partial: str = ""
    backend: str = ""
    proto: str | None = None
    sysctl_key: str | None = None
    by_content: bool = False
    shell: bool = False
    filtered: bool = False
    whole_tables: bool = False
    host: str = ""
    only_family: Family | None = None
    subject: tuple[str, ...] = ()


_WRAPPERS = {"sudo", "doas", "command", "time", "nice", "env", "exec", "busybox", "builtin"}
_SHELLS = {"sh", "bash", "ash", "dash", "zsh", "fish"}
# Pipes that pass everything on.
_HARMLESS = {"cat", "less", "more", "tee", "sort", "column", "jq", "expand", "nl", "most", "bat"}


def read_command(line: str) -> Command | None:
    """Read a command line; None when its program is none of those that are known."""
    if not _MAY_BE_COMMAND.match(line):
        return None
    pipeline = _pipeline(_split(line))
    first = _unwrapped(pipeline[0])
    if not first:
        return None
    command = _program(first)
    if command is None:
        return None
    for stage in pipeline[1:]:
        if stage and not command.filtered and not _passes_all(stage):
            partial = command.partial or f"filtered by {stage[0]}"
            command = replace(command, partial=partial, filtered=True)
    return command


def _passes_all(stage: list[str]) -> bool:
    """Whether a stage of a pipe keeps every line that tells anything."""
    program = stage[0].rpartition("/")[2]
    return program in _HARMLESS or (program == "grep" and stage[1:] in (["-v", "^#"], ["-v", "#"]))


def _split(line: str) -> list[str]:
    """The words as a shell splits them; none where a quote has no end."""
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _pipeline(words: list[str]) -> list[list[str]]:
    stages: list[list[str]] = [[]]
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == "|":
            stages.append([])
        elif re.fullmatch(r"[0-9]?>>?|&>|<", word):
            skip = True
        elif not re.fullmatch(r"[0-9]?>>?\S+|&>\S+|2>&1", word):
            stages[-1].append(word)
    return stages


def _unwrapped(words: list[str]) -> list[str]:
    """Without sudo and its like, and their options and variables."""
    while words and words[0].rpartition("/")[2] in _WRAPPERS:
        wrapper = words[0].rpartition("/")[2]
        words = words[1:]
        while words and (words[0].startswith("-") or (wrapper == "env" and "=" in words[0])):
            takes_value = wrapper == "sudo" and words[0] in ("-u", "-g", "-h", "-p")
            words = words[2 if takes_value else 1 :]
    return words


def _program(words: list[str]) -> Command | None:
    program = words[0].rpartition("/")[2]
    arguments = words[1:]
    tables = re.fullmatch(r"ip(6?)tables(?:-(legacy|nft))?(-save)?", program)
    if tables:
        family: Family = 6 if tables[1] else 4
        command = _iptables_save(arguments, family) if tables[3] else _iptables(arguments, family)
        return replace(command, backend=tables[2] or "")
    if program in ("docker", "podman", "docker-compose"):
        return _docker(arguments)
    if program in ("nsenter", "ssh", "kubectl"):
        return _elsewhere(program, arguments)
    if program == "ip":
        return _ip(arguments)
    if program == "ufw":
        return Command(Format.UFW_STATUS if "status" in arguments else None)
    if program == "firewall-cmd":
        lists = any(word in ("--list-all", "--list-all-zones") for word in arguments)
        return Command(Format.FIREWALL_CMD if lists else None)
    if program == "ifconfig":
        return _of_asked(ifconfig_asked(arguments))
    if program == "route":
        return Command(Format.ROUTE_N, 6 if "-6" in arguments else 4)
    if program == "netstat":
        return _of_asked(netstat_asked(arguments))
    if program == "sysctl":
        bare = [word for word in arguments if not word.startswith("-")]
        values_only = any(word in ("-n", "--values") for word in arguments)
        if values_only:
            return Command(Format.SYSCTL if len(bare) == 1 else None, sysctl_key=bare[0] if bare else None)
        return Command(Format.SYSCTL)
    if program == "ss":
        return _of_asked(ss_asked(arguments))
    if program == "conntrack":
        return Command(Format.CONNTRACK if {"-L", "--dump"} & set(arguments) else None,
                       partial="" if len(arguments) == 1 else "filtered by its options")  # fmt: skip
    if program == "nft":
        return _nft(arguments)
    if program == "ipset":
        return Command(Format.IPSET_SAVE if "save" in arguments or "-S" in arguments else None)
    if program == "bridge":
        return _bridge(arguments)
    if program in ("grep", "tail") and any("sysctl." in word for word in arguments):
        return Command(Format.SYSCTL_FILES)
    return _cat(arguments) if program == "cat" else None


def _of_asked(asked: Asked) -> Command:
    return Command(asked.format, asked.family, partial=asked.partial, proto=asked.proto)


def _bridge(arguments: list[str]) -> Command:
    json = any(word.startswith("-") and "j" in word for word in arguments)
    if json or any(word in ("link", "fdb") for word in arguments):
        return Command(Format.BRIDGE_JSON if json else Format.BRIDGE)
    return Command(None)


def _cat(arguments: list[str]) -> Command:
    paths = [word for word in arguments if not word.startswith("-")]
    if len(paths) == 1:
        key = key_of_path(paths[0])
        if key is not None:
            return Command(Format.SYSCTL, sysctl_key=key)
        if paths[0] == "/proc/net/nf_conntrack":
            return Command(Format.CONNTRACK)
    return Command(None, by_content=True)


def _docker(arguments: list[str]) -> Command:
    words = [word for word in arguments if word != "compose"]
    if words[:1] == ["exec"]:
        rest = words[1:]
        while rest and rest[0].startswith("-"):
            rest = rest[2 if rest[0] in ("-u", "-e", "-w", "--user", "--env", "--workdir") else 1 :]
        if len(rest) < 2:
            return Command(None)
        return _within(rest[0], rest[1:])
    if words[:1] == ["run"]:
        return Command(None, namespace="docker run")
    asked = docker_asked(words)
    return Command(asked.format, partial=asked.partial, subject=asked.subject)


_PID_OF = re.compile(r"\$\(docker inspect .*\s([\w.-]+)\)")


def _elsewhere(program: str, arguments: list[str]) -> Command:
    """nsenter and kubectl exec run in another namespace, ssh on the host that the reader means."""
    if program == "ssh":
        host, rest = _ssh(arguments)
        return replace(_within(None, rest), host=host) if rest else Command(None)
    if program == "kubectl":
        if "exec" not in arguments or "--" not in arguments:
            return Command(None)
        names = [word for word in arguments[arguments.index("exec") + 1 :] if not word.startswith("-")]
        return _within(names[0] if names else None, arguments[arguments.index("--") + 1 :])
    name = "nsenter"
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-t", "--target") and rest:
            pid = rest.pop(0)
            asked = _PID_OF.fullmatch(pid)  # as the commands that settle an answer are written
            name = asked[1] if asked else f"pid {pid}"
        elif option.startswith(("--net=", "-n/")):
            name = option.rpartition("/")[2]
        elif match := re.fullmatch(r"(?:-t|--target=)([0-9]{1,20})", option):
            name = f"pid {match[1]}"
    return _within(name, rest)


# Options of ssh(1) that take a value.
_SSH_VALUES = frozenset("BbcDEeFIiJLlmOoPpQRSWw")


def _ssh(arguments: list[str]) -> tuple[str, list[str]]:
    """The host that ssh goes to, and the command it runs there."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if len(option) == 2 and option[1] in _SSH_VALUES and rest:
            rest.pop(0)
    if rest[:1] == ["--"]:
        rest.pop(0)
    if not rest:
        return "", []
    # The other side's shell splits what it gets once more.
    return rest[0].removeprefix("ssh://").rpartition("@")[2], _split(" ".join(rest[1:]))


def _within(namespace: str | None, words: list[str]) -> Command:
    words = _unwrapped(words)
    if not words or words[0].rpartition("/")[2] in _SHELLS:
        if words[1:2] not in (["-c"], ["-lc"]):
            return Command(None, namespace=namespace, shell=namespace is not None)
        words = _split(words[2]) if len(words) > 2 else []
    inner = _program(words) if words else None
    return replace(inner or Command(None), namespace=namespace)


_IP_OBJECTS = {
    Format.IP_ROUTE: ("route", Format.IP_ROUTE_JSON),
    Format.IP_RULE: ("rule", Format.IP_RULE_JSON),
    Format.IP_ADDR: ("address", Format.IP_ADDR_JSON),
    Format.IP_LINK: ("link", Format.IP_LINK_JSON),
    Format.IP_NEIGH: ("neighbour", Format.IP_NEIGH_JSON),
}


_IP_BRIEF = {Format.IP_ADDR: Format.IP_BRIEF_ADDR, Format.IP_LINK: Format.IP_BRIEF_LINK}


def _ip(arguments: list[str]) -> Command | None:
    """iproute2 lets every word be shortened; ``ip r`` is route (not rule), ``ip ru`` rule."""
    family: Family = 4
    only: Family | None = None
    json = brief = False
    namespace = None
    words = list(arguments)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        name = option.lstrip("-")
        if name == "6" or (name in ("f", "family") and words and words.pop(0) == "inet6"):
            family = only = 6
        elif name == "4":
            only = 4
        elif len(name) > 1 and "brief".startswith(name):
            brief = True
        elif name in ("n", "netns") and words:
            namespace = words.pop(0)
        elif name in ("j", "json"):
            json = True
    if not words:
        return None
    noun = words.pop(0)
    if noun == "netns" and words[:1] == ["exec"]:
        return _within(words[1] if len(words) > 1 else None, words[2:])
    noun = {"r": "route", "ro": "route", "neighbor": "neighbour", "ru": "rule"}.get(noun, noun)
    for format_, (name, json_format) in _IP_OBJECTS.items():
        if name.startswith(noun):
            told = json_format if json else _IP_BRIEF.get(format_, format_) if brief else format_
            only = only if format_ is Format.IP_ADDR else None
            return _ip_listing(Command(told, family, None, namespace, only_family=only), words)
    return Command(None, namespace=namespace)


def _ip_listing(command: Command, words: list[str]) -> Command:
    if words and words[0] in ("show", "list", "ls", "s", "sh", "l", "lst"):
        words = words[1:]
    elif words and words[0] not in ("table", "dev"):
        return replace(command, format=None)  # `ip route get`, `add`... print no listing
    is_route = command.format in (Format.IP_ROUTE, Format.IP_ROUTE_JSON)
    if is_route and words[:1] in (["table"], ["t"]) and len(words) > 1:
        command = replace(command, table=words[1])
        words = words[2:]
    if words:
        command = replace(command, partial=f"only {' '.join(words)}")
    return command


_CHANGES = frozenset(
    {"--append", "--insert", "--delete", "--new-chain", "--policy", "--flush", "--delete-chain", "--replace",
     "--rename-chain"}
)  # fmt: skip


def _iptables(arguments: list[str], family: Family) -> Command:
    table, partial = "filter", ""
    kind: Format | None = None
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in ("-t", "--table") and words:
            table = words.pop(0)
        elif word.startswith("--table="):
            table = word.partition("=")[2]
        elif match := re.fullmatch(r"-t(\w+)", word):
            table = match[1]
        elif word in ("-S", "--list-rules") or re.fullmatch(r"-[nvxw]*S[nvxw]*", word):
            kind = Format.IPTABLES_S
        elif word in ("-L", "--list") or re.fullmatch(r"-[nvxw]*L[nvxw]*", word):
            kind = Format.IPTABLES_LIST
        elif not word.startswith("-"):
            partial = f"only {word}"
        elif word in ("-A", "-I", "-D", "-N", "-P", "-F", "-X", "-R", "-E") or word in _CHANGES:
            return Command(Format.IPTABLES_COMMANDS, family)
        elif word in ("-Z", "-C"):
            return Command(None, family)
    return Command(kind, family, table, partial=partial)


def _iptables_save(arguments: list[str], family: Family) -> Command:
    for option, value in pairwise(arguments):
        if option in ("-t", "--table"):
            return Command(Format.IPTABLES_SAVE, family, value)
    return Command(Format.IPTABLES_SAVE, family)


def _nft(arguments: list[str]) -> Command:
    """``list ruleset`` shows all there is, ``list table T`` one table of it, ``list chain T C`` one chain;
    ``list sets`` and the like show every table with most of it left out."""
    if "list" not in arguments:
        return Command(None)
    json = any(re.fullmatch(r"-[a-z]*j[a-z]*|--json", word) for word in arguments)
    asked = arguments[arguments.index("list") + 1 :]
    kind = asked[0] if asked else ""
    if kind == "tables":
        return Command(None)
    partial = "" if asked == ["ruleset"] else f"only {' '.join(asked)}"
    format_ = Format.NFT_JSON if json else Format.NFT_TEXT
    return Command(
        format_, partial=partial, whole_tables=bool(partial) and kind in ("ruleset", "table"),
        filtered=kind not in ("ruleset", "table", "chain"),
    )  # fmt: skip
