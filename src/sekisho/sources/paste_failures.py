"""Commands on a page that printed their refusal instead of a listing: what they show is unknown, not empty.

::

    user@web1:~$ iptables -L -n
    iptables v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)

The same command again that is let (behind ``sudo``), or another one that shows the same, takes that back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sekisho.model.evidence import Evidence, Failure
from sekisho.sources.collected import ABOUT
from sekisho.sources.failures import REFUSED
from sekisho.sources.paste_hosts import same_host
from sekisho.sources.paste_section import Section
from sekisho.sources.pieces import Gathered, Piece
from sekisho.sources.recognise import Format, of_line
from sekisho.sources.recognise import Format as F

# What sudo, docker and iptables say else where they do not do what was asked.
_STOPPED = re.compile(
    rf"{REFUSED.pattern}|a (?:terminal|password) is required|incorrect password attempt"
    r"|not in the sudoers file|not allowed to (?:execute|run)|cannot connect to the docker daemon"
    r"|holding the xtables lock|requires? root|need to be root|superuser",
    re.IGNORECASE,
)
# Asked before the answer; nothing by itself.
_ASKS = re.compile(r"\[sudo\] |(?:password|パスワード).*[::]\s*$", re.IGNORECASE)
# The file of the layout that would have held the listing, for what has not one of iptables' names.
_FILES: dict[Format, tuple[str, str]] = {
    F.IP_ROUTE: ("ip-route.txt", "ip6-route.txt"),
    F.IP_RULE: ("ip-rule.txt", "ip6-rule.txt"),
    F.IP_ADDR: ("ip-addr.txt", "ip-addr.txt"),
    F.IP_LINK: ("ip-link.txt", "ip-link.txt"),
    F.NFT_TEXT: ("nft-ruleset.txt", "nft-ruleset.txt"),
    F.NFT_JSON: ("nft-ruleset.json", "nft-ruleset.json"),
    F.SS: ("ss.txt", "ss.txt"),
    F.NETSTAT: ("netstat.txt", "netstat.txt"),
    F.IPSET_SAVE: ("ipset-save.txt", "ipset-save.txt"),
    F.SYSCTL: ("sysctl.txt", "sysctl.txt"),
    F.CONNTRACK: ("conntrack.txt", "conntrack.txt"),
    F.UFW_STATUS: ("ufw-status.txt", "ufw-status.txt"),
    F.FIREWALL_CMD: ("firewall-cmd.txt", "firewall-cmd.txt"),
    F.DOCKER_PS: ("docker-ps.txt", "docker-ps.txt"),
    F.DOCKER_PORT: ("docker-port.txt", "docker-port.txt"),
    F.DOCKER_NETWORK_LS: ("docker-network-ls.txt", "docker-network-ls.txt"),
    F.DOCKER_TEMPLATE: ("docker-inspect-f.txt", "docker-inspect-f.txt"),
    F.DOCKER_NETWORKS: ("docker-networks.json", "docker-networks.json"),
    F.DOCKER_CONTAINERS: ("docker-containers.json", "docker-containers.json"),
}
_IPTABLES = frozenset({F.IPTABLES_SAVE, F.IPTABLES_LIST, F.IPTABLES_S})
# Formats that show the same.
_ALIKE = (
    frozenset({F.NFT_TEXT, F.NFT_JSON}),
    frozenset({F.SS, F.NETSTAT}),
    frozenset({F.DOCKER_PS, F.DOCKER_CONTAINERS}),
    frozenset({F.DOCKER_NETWORK_LS, F.DOCKER_NETWORKS}),
)


def refusal(section: Section, file: str) -> Failure | None:
    """The failure of which a section tells: its command is one that is read, its first line says that it
    was not done, and no line of a listing follows."""
    command = section.command
    if command is None or command.format is None or section.format is None:
        return None
    lines = [(at, line) for at, line in enumerate(section.lines, section.start) if line.strip()]
    while lines and _ASKS.match(lines[0][1].strip()):
        lines.pop(0)
    if not lines or not _STOPPED.search(lines[0][1]) or any(of_line(line) is not None for _, line in lines):
        return None
    name = _file_of(section.format, command.table, command.family, command.backend)
    if name is None:
        return None
    at, said = lines[0]
    about = ABOUT.get(section.format, "")
    place = Evidence(file, at, said)
    return Failure(name, section.format.value, said.strip(), place, about, command.family)


# What shows most of what a refused program was asked for, by a word of what it said.
_AGAIN: tuple[tuple[str, str], ...] = (
    (r"ip6tables", "sudo ip6tables-save"),
    (r"iptables|xtables", "sudo iptables-save"),
    (r"\bnft\b|netlink", "sudo nft list ruleset"),
    (r"docker", "sudo docker inspect $(sudo docker ps -aq)"),
    (r"ipset", "sudo ipset save"),
    (r"conntrack", "sudo conntrack -L"),
)


def asked_again(said: str, asked: str = "") -> str | None:
    """What to type where a line is a refusal: by the program that it names, or the one that was ``asked``; ""
    where neither is known. None: no refusal. Nothing of the page is in it."""
    if not _STOPPED.search(said):
        return None
    text = f"{said}\n{asked}".lower()
    return next((command for word, command in _AGAIN if re.search(word, text)), "")


def _file_of(format_: Format, table: str | None, family: int, backend: str) -> str | None:
    if format_ in _IPTABLES:
        program = f"ip{'6' if family == 6 else ''}tables-{f'{backend}-' if backend else ''}"
        return f"{program}{table or 'save'}.txt"
    names = _FILES.get(format_)
    return names[family == 6] if names else None


@dataclass(frozen=True, slots=True)
class Refused:
    """A failure, in which namespace, and the host that its prompt names ("" for none)."""

    namespace: str
    failure: Failure
    host: str


def with_refusals(gathered: Gathered, failed: Sequence[Refused], prompts: Iterable[str]) -> Gathered:
    """The page with its failures, by namespace; ``prompts`` are the hosts that those of its pieces name.
    Where another listing of the host shows what was asked, or the host has none here, the refusal is a part
    of the story."""
    if not failed:
        return gathered
    names = gathered.hosts or tuple(dict.fromkeys(filter(None, prompts)))
    whose = {one: _known(one.host, names) for one in failed}
    if gathered.hosts:
        lines = [(piece.place().line, piece.host) for piece in gathered.pieces]
        lines += [(one.failure.evidence.line, name) for one, name in whose.items() if name]
        gathered = replace(gathered, owners=tuple(sorted(lines)))
    open_: list[tuple[str, Failure]] = []
    story: list[Evidence] = []
    for one in failed:
        place = one.failure.evidence
        stranger = bool(one.host and names) and not whose[one]
        if stranger or any(_shows(each, one) for each in gathered.pieces_beside(place)):
            story.append(place)
        else:
            open_.append((one.namespace, one.failure))
    notes = (*gathered.notes, *(failure.evidence for _, failure in open_))
    return replace(gathered, failed=tuple(open_), notes=notes, prose=(*gathered.prose, *story))


def _known(host: str, names: Iterable[str]) -> str:
    """The one of the hosts that a prompt names; "" where it names none of them."""
    return next((name for name in names if host and same_host(name, host)), "")


def _shows(piece: Piece, refused: Refused) -> bool:
    failure = refused.failure
    if piece.namespace != refused.namespace or piece.partial:
        return False
    rules = "tables-" in failure.file
    if (rules or failure.about in ("routes", "policy-rules")) and piece.family != failure.family:
        return False
    if rules:
        table = failure.file.rpartition("-")[2].removesuffix(".txt")
        whole = piece.format is F.IPTABLES_SAVE and piece.table is None
        return piece.format in _IPTABLES and (whole or piece.table == table)
    alike = next((each for each in _ALIKE if piece.format in each), frozenset({piece.format}))
    return any(_FILES.get(each, ("", ""))[failure.family == 6] == failure.file for each in alike)
