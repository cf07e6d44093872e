"""``docker ps``, ``docker compose ps`` and podman's, with whatever columns were asked for.

::

    CONTAINER ID   IMAGE   COMMAND                  CREATED       STATUS       PORTS                  NAMES
    3f1c2d4e5a6b   nginx   "/docker-entrypoint.…"   2 hours ago   Up 2 hours   0.0.0.0:80->80/tcp     web

What it cannot say: addresses; networks, unless asked for; containers that do not run, without ``-a``. A
container without anything in its column PORTS publishes nothing; where there is no such column that is not
known.
"""

from __future__ import annotations

import json

from sekisho.model.docker import ListedContainer
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.columns import Head, head_of, row_of
from sekisho.sources.docker_ports import MOST, read_ports
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines
from sekisho.values.names import ContainerName, container_name, network_name

COLUMNS = frozenset(
    {"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "CREATED AT", "STATUS", "STATE", "PORTS", "NAMES", "NAME",
     "SIZE", "NETWORKS", "LABELS", "MOUNTS", "LOCAL VOLUMES", "SERVICE", "RUNNING FOR", "POD ID", "PODNAME",
     "ID"}
)  # fmt: skip
_NAMES = ("NAMES", "NAME")
_RUNNING = {
    "up": True, "running": True, "exited": False, "created": False, "dead": False, "removal": False,
    "removing": False, "paused": True,
}  # fmt: skip


def is_head(line: str) -> bool:
    """Whether the line is the head of such a listing, which names containers."""
    if not line.isupper():
        return False
    head = head_of(line, COLUMNS)
    names = {name for name, _ in head or ()}
    return bool(names & {"NAMES", "CONTAINER ID"}) or names >= {"NAME", "PORTS"}


def parse(text: str, file: str) -> Parsed[ListedContainer]:
    """Read the rows below each head. Unread reasons: ``columns-moved``, ``bad-port``, ``too-many-ports``,
    ``bad-name``, ``unknown-line`` (no head above it)."""
    facts: list[ListedContainer] = []
    unread: list[Unread] = []
    head: Head | None = None
    left = MOST
    for number, line in numbered_lines(text):
        if is_head(line):
            head = head_of(line, COLUMNS)
            continue
        place = Evidence(file, number, line)
        try:
            if line.lstrip().startswith("{"):
                row = _row_of_json(line)
            elif head is None:
                raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
            else:
                row = row_of(line, head)
            found = _read(row, place, left)
        except Unreadable as fault:
            unread.append(fault.at(place))
            continue
        left -= len(found.published or ()) + len(found.exposed)
        facts.append(found)
    return Parsed(tuple(facts), tuple(unread))


# The keys of ``docker ps --format json``, by column.
_JSON = {"ID": "CONTAINER ID", "Names": "NAMES", "Image": "IMAGE", "Status": "STATUS", "Ports": "PORTS",
         "Networks": "NETWORKS"}  # fmt: skip


def _row_of_json(line: str) -> dict[str, str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise Unreadable("truncated", line.strip()[:40]) from None
    if not isinstance(found, dict):
        raise Unreadable("unknown-line", line.strip()[:40])
    return {_JSON.get(str(key), str(key)): value if isinstance(value, str) else json.dumps(value)
            for key, value in found.items()}  # fmt: skip


def _read(row: dict[str, str], place: Evidence, most: int) -> ListedContainer:
    name = _name(next((row[column] for column in _NAMES if row.get(column)), ""))
    id_ = row.get("CONTAINER ID", "") or row.get("ID", "")
    if not (name or id_) or any(letter not in "0123456789abcdef" for letter in id_):
        raise Unreadable("columns-moved", id_ or "?")
    status = row.get("STATUS") or row.get("STATE") or ""
    running = _RUNNING.get(status.partition(" ")[0].lower()) if status else None
    published, exposed = read_ports(row["PORTS"], most) if "PORTS" in row else (None, ())
    networks = None
    if "NETWORKS" in row:
        networks = tuple(named(network_name, word) for word in row["NETWORKS"].split(",") if word)
    said = ("CONTAINER ID", "ID", "IMAGE", "STATUS", "PORTS", "NETWORKS", *_NAMES)
    told = tuple((column, value) for column, value in row.items() if column not in said)
    return ListedContainer(
        name,
        id_,
        row.get("IMAGE", ""),
        status,
        running,
        published,
        exposed,
        networks,
        told=told,
        evidence=place,
    )


def _name(text: str) -> ContainerName | None:
    """``db,web/db``: the container's own name has no slash, those with one are aliases of links."""
    own = [word for word in text.split(",") if "/" not in word]
    return named(container_name, own[0]) if own and own[0] else None
