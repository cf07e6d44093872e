"""The plain commands of a plan's operations: what a person would type for the same.

Namespaces have names here (``ip netns add host``), so that the listing can be run as it stands; the lab
itself uses none. Whatever a name or a rule holds, it stays one word of one command, or a line of one
here-document: the listing says no more to a shell than what it shows.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sekisho.lab.system.plan import NodeLoad, Plan, Program, Server, SetSysctl
from sekisho.lab.system.shaping import shape_words
from sekisho.lab.words import ip_command, link_commands, netns, setting_words
from sekisho.values.names import sysctl_parts
from sekisho.views.commands import shell_words


def commands(plan: Plan) -> Iterator[str]:
    """Every step of the plan as a shell script's lines, with a comment above each part."""
    yield _comment(plan.title or plan.name)
    yield ""
    yield "# the nodes"
    yield from (shell_words(("ip", "netns", "add", netns(node.name))) for node in plan.nodes)
    yield from (ip_command(node.name, "link", "set", "lo", "up") for node in plan.nodes)
    yield from (_sysctl(item) for item in plan.sysctls if item.early)
    yield ""
    yield "# the links"
    for link in plan.links:
        yield from link_commands(link)
    for shape in plan.shapes:
        yield _inside(shape.node, *shape_words(shape, netem=True))
    yield ""
    yield "# addresses and routes"
    for setting in plan.settings:
        yield setting_words(setting)
    yield ""
    yield "# kernel parameters"
    yield from (_sysctl(item) for item in plan.sysctls if not item.early)
    for load in plan.loads:
        yield ""
        yield from load_commands(load)
    yield ""
    yield "# what listens"
    for program in plan.programs:
        yield from _program(program)
    yield from (_server(server) for server in plan.servers)


def load_commands(item: NodeLoad) -> Iterator[str]:
    """A here-document; ``iptables-restore`` files are also what ``iptables`` would be told line by line."""
    lines = item.load.text.rstrip("\n").split("\n")
    end = "RULES"
    while end in lines:
        end += "_"
    yield _comment(f"rules of {item.node}")
    yield f"{_inside(item.node, *item.load.argv)} <<'{end}'"
    yield from lines
    yield end


def _sysctl(item: SetSysctl) -> str:
    if "=" in item.key:  # sysctl(8) takes the first one for the end of the key
        path = "/proc/sys/" + "/".join(sysctl_parts(item.key))
        return _inside(item.node, "sh", "-c", 'echo "$1" > "$0"', path, item.value)
    return _inside(item.node, "sysctl", "-w", f"{item.key}={item.value}")


def _program(program: Program) -> Iterator[str]:
    """The program with its standard input as a here-string, over as many lines as that has."""
    feed = f" <<< {shlex.quote(program.text)}" if program.text else ""
    yield from f"{_inside(program.node, *program.argv)}{feed} &".split("\n")


def _server(server: Server) -> str:
    """The lab's own servers have no command; a comment says what they are."""
    place = f"{server.address or '*'}:{server.port}/{server.proto}"
    if server.target is not None:
        return _comment(
            f"{server.node}: docker-proxy's role: {place} -> {server.target[0]}:{server.target[1]}"
        )
    return _comment(f"{server.node}: a server ({server.kind}) on {place}")


def _comment(text: str) -> str:
    """One line, whatever the text: nothing in it ends the comment."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)


def _inside(node: str, *words: str) -> str:
    return shell_words(("ip", "netns", "exec", netns(node), *words))
