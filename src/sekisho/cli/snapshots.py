"""The SNAPSHOT argument that most verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.model.snapshot import Snapshot
    from sekisho.semantics.world import World


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


def open_snapshot(path: str | None, out: Output) -> Snapshot:
    """Read the snapshot that the user named. Raises SekishoError where there is none to read, or several
    hosts of which none is named."""
    if path is None:
        raise no_snapshot(out)
    from sekisho.sources.load import load

    return load(path, unzstd=unzstd, bounds=out.bounds)


def open_world(path: str | None, out: Output) -> World:
    """The same as one world of all the hosts that it holds."""
    if path is None:
        raise no_snapshot(out)
    from sekisho.semantics.world import World
    from sekisho.sources.load import load_parts

    return World(*load_parts(path, unzstd=unzstd, bounds=out.bounds))


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
