"""The SNAPSHOT argument that most verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.model.snapshot import Snapshot


def add_snapshot(parser: VerbParser) -> None:
    """The optional first argument SNAPSHOT."""
    parser.add_argument(
        "snapshot",
        nargs="?",
        metavar="SNAPSHOT",
        help=parser.say(
            en="a snapshot's folder, a tar of one, a file with a command's output, or - for standard input",
            ja="スナップショットのフォルダー、そのtar、コマンド出力のファイル、または - (標準入力)",
        ),
    )


def open_snapshot(path: str | None, out: Output, *ends: str | None) -> Snapshot:
    """Read the snapshot that the user named; of several hosts the one of which one of the question's ``ends``
    is an address, where no other has it. Raises SekishoError where there is none to read."""
    if path is None:
        raise no_snapshot(out)
    from sekisho.sources.load import load

    asked = tuple(end for end in ends if end)

    def meant(snapshot: Snapshot) -> bool:
        from sekisho.answers.endpoints import own_address  # only here: most snapshots are of one host

        return any(own_address(end, snapshot.host) for end in asked)

    return load(path, unzstd=unzstd, bounds=out.bounds, meant=meant if asked else None)


def open_hosts(path: str | None, out: Output) -> tuple[tuple[str, Snapshot], ...]:
    """The same for every host that it holds, with their names ("" for one that nothing names)."""
    if path is None:
        raise no_snapshot(out)
    from sekisho.sources.load import load_hosts

    return load_hosts(path, unzstd=unzstd, bounds=out.bounds)


def unzstd(data: bytes, shown: str, limit: int) -> bytes:
    """Unpack a .tar.zst with the zstd program; imported only where there is one."""
    from sekisho.capture.zstd import decompress

    return decompress(data, shown, limit)


def no_snapshot(out: Output) -> UsageError:
    """What to say where SNAPSHOT was left out."""
    return UsageError(
        out.say(
            en="no SNAPSHOT given, and the live host cannot be read directly yet",
            ja="SNAPSHOT がありません。動作中のホストを直接読むことは、まだできません",
        ),
        advice=out.say(
            en="take one first:  sekisho capture --script | sudo sh > host.tar",
            ja="先にスナップショットを取ってください:  sekisho capture --script | sudo sh > host.tar",
        ),
    )
