"""What Docker's short listings tell, all together: ``docker ps``, ``docker port``, ``docker network ls``,
``docker inspect -f``. None of it is counted as all that Docker knows of a container or a network."""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.docker import ListedContainer, ListedNetwork
from sekisho.sources import docker_network_ls, docker_port, docker_ps, docker_template
from sekisho.sources.collected import Collected
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format

FORMATS = frozenset({Format.DOCKER_PS, Format.DOCKER_PORT, Format.DOCKER_NETWORK_LS, Format.DOCKER_TEMPLATE})


def listed_containers(pieces: Iterable[Piece], collected: Collected) -> tuple[ListedContainer, ...] | None:
    """The rows and lines of all listings, in order; one container may be there several times."""
    found: list[ListedContainer] = []
    captured = False
    for piece in pieces:
        if piece.format is Format.DOCKER_PS:
            parsed = docker_ps.parse(piece.text, piece.file)
        elif piece.format is Format.DOCKER_PORT:
            parsed = docker_port.parse(piece.text, piece.file, piece.subject)
        elif piece.format is Format.DOCKER_TEMPLATE:
            parsed = docker_template.parse(piece.text, piece.file, piece.subject)
        else:
            continue
        captured = True
        found += collected.take(piece, parsed)
    return tuple(found) if captured else None


def listed_networks(pieces: Iterable[Piece], collected: Collected) -> tuple[ListedNetwork, ...] | None:
    """The rows of ``docker network ls``."""
    return collected.one(
        pieces, (Format.DOCKER_NETWORK_LS,), lambda it: docker_network_ls.parse(it.text, it.file)
    )
