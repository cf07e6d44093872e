"""``load``: whatever a user has (a folder, an archive, one file, pasted text) as one Snapshot."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Failure, Unread, note
from sekisho.model.snapshot import Snapshot
from sekisho.sources import aws_instances, docker_inspect, docker_lists, snapshot_toml
from sekisho.sources.archive import (
    Files,
    Unzstd,
    archive_kind,
    read_archive,
    read_folder,
)
from sekisho.sources.assemble import namespace_of
from sekisho.sources.bounds import USUAL, Bounds, read_named, too_large
from sekisho.sources.collected import Collected
from sekisho.sources.comments import without_comments
from sekisho.sources.failures import noted, refused, with_failures
from sekisho.sources.manifest import checked
from sekisho.sources.pieces import HOST, Gathered, Piece, empty_error
from sekisho.sources.recognise import Expected, Format, by_aws_name, by_content, by_name
from sekisho.sources.text_size import check_text
from sekisho.values.names import BadNameError, namespace_name

STDIN = "stdin"
_DOCKER = frozenset({Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS, Format.DOCKER_VERSION})
_ADVICE = (
    "a snapshot is a folder or an archive with files such as ip-route.txt, iptables-save.txt and "
    "sysctl.txt; one such file, or the commands' output on standard input, will do too"
)


def load(
    path: str,
    *,
    unzstd: Unzstd | None = None,
    bounds: Bounds = USUAL,
    meant: Callable[[Snapshot], bool] | None = None,
) -> Snapshot:
    """Read a snapshot folder, an archive of one, a single file, or standard input for ``-``.

    ``unzstd`` unpacks .tar.zst archives (``capture.zstd.decompress`` does, with the zstd program).
    ``-`` takes pasted text, one command's output or an archive. Raises SourceError (file, line,
    text, advice) where nothing sensible can be read, more than ``bounds`` allow, or several hosts none of
    which ``bounds`` names and of which not just one is ``meant``; single lines that were not understood are
    in the ``unread`` of their namespace, files that no reader reads in ``notes``.
    """
    shown, found = _read(path, unzstd, bounds)
    if meant is not None and not bounds.host and len(found) > 1:
        each = (_snapshot(path, one, shown) for one in found.values())
        these = [snapshot for snapshot in each if meant(snapshot)]
        if len(these) == 1:
            return these[0]
    return _snapshot(path, *_chosen(found, bounds.host, shown), shown)


def load_hosts(
    path: str, *, unzstd: Unzstd | None = None, bounds: Bounds = USUAL
) -> tuple[tuple[str, Snapshot], ...]:
    """The same for every host that is there, or the one that ``bounds`` names, each with its name; one alone
    that nothing names has none."""
    shown, found = _read(path, unzstd, bounds)
    if bounds.host:
        found = {bounds.host: _chosen(found, bounds.host, shown)[0]}
    return tuple((name, _snapshot(path, one, shown)) for name, one in found.items())


def _read(path: str, unzstd: Unzstd | None, bounds: Bounds) -> tuple[str, dict[str, Gathered]]:
    """What the texts hold, by host, and how errors name the whole."""
    if path == "-":
        data = sys.stdin.buffer.read(bounds.most + 1)
        if len(data) > bounds.most:
            raise too_large(STDIN, bounds.most)
        if archive_kind(data):
            return STDIN, _from_files(STDIN, *read_archive(data, STDIN, unzstd, bounds), bounds)
        return STDIN, _by_host(_pasted(_text(data, STDIN, bounds), STDIN))
    place = Path(path)
    if place.is_dir():
        return path, _from_files(path, *read_folder(place, bounds, _is_known), bounds)
    if not place.exists():
        raise SourceError("no such file or folder", file=path, advice=_ADVICE)
    data = read_named(place, path, bounds)
    if archive_kind(data):
        return path, _from_files(path, *read_archive(data, path, unzstd, bounds), bounds)
    return place.name, _by_host(_from_one_file(data, place.name, bounds))


def _by_host(gathered: Gathered) -> dict[str, Gathered]:
    return {host: gathered.of(host) for host in gathered.hosts} or {"": gathered}


def _chosen(found: dict[str, Gathered], host: str, shown: str) -> tuple[Gathered]:
    """The host that is named, or the only one."""
    if not host and len(found) == 1:
        return (next(iter(found.values())),)
    if host in found and host:
        return (found[host],)
    names = ", ".join(name for name in found if name)
    if not host:
        raise SourceError(
            said("the snapshot holds {0} hosts: {1}", len(found), names), file=shown,
            advice=said("name one of them: --host {0}", next(iter(found))),
        )  # fmt: skip
    if not names:
        raise SourceError(
            said("there is one host here, and nothing names it: {0!r} is not known", host), file=shown,
            advice="leave --host out",
        )  # fmt: skip
    raise SourceError(said("no host is called {0!r}", host), file=shown, advice=said("there are: {0}", names))


def _is_known(name: str) -> bool:
    """Whether a file of a folder, by its relative path, is one that a snapshot has."""
    folder, _, last = name.rpartition("/")
    return (by_aws_name(last) if folder.endswith("aws") else by_name(last)) is not None


def load_text(text: str, file: str = STDIN) -> Snapshot:
    """Read pasted text, as ``load("-")`` does; ``file`` is what evidence names it."""
    found = _by_host(_pasted(_text(text.encode(), file, USUAL), file))
    return _snapshot("-", *_chosen(found, "", file), file)


def _pasted(text: str, file: str) -> Gathered:
    from sekisho.sources import paste  # only here: a folder, the usual case, starts faster without

    return paste.gather(text, file)


def _text(data: bytes, file: str, bounds: Bounds) -> str:
    """UTF-8 with or without a byte order mark, UTF-16 with one (PowerShell's ``>``); lines end with LF,
    CR LF or CR; nothing else."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _binary(data, error.start, file, "the file is not UTF-8 text") from None
    if "\0" in text:
        raise _binary(data, data.index(b"\0"), file, "the file is binary")
    # A lone CR ends a line as well: what stands behind one would vanish in a comment.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    check_text(text, file, bounds)
    return text


def _binary(data: bytes, at: int, file: str, what: str) -> SourceError:
    line = data.count(b"\n", 0, at) + 1
    start = data.rfind(b"\n", 0, at) + 1
    shown = data[start : start + 80].decode("utf-8", "backslashreplace")
    return SourceError(
        what, file=file, line=line, text=shown,
        advice="give the command's output as text; an archive must be a .tar, .tar.gz, .tar.xz or .tar.zst",
    )  # fmt: skip


def _from_one_file(data: bytes, name: str, bounds: Bounds) -> Gathered:
    text = _text(data, name, bounds)
    expected = by_name(name)
    if expected is None:
        return _pasted(text, name)
    piece, comments = _piece(name, name, text, expected, HOST)
    return Gathered((piece,), prose=comments)


def _piece(
    name: str, shown: str, text: str, expected: Expected, namespace: str
) -> tuple[Piece, tuple[Evidence, ...]]:
    """A file of the layout, and its comments. Raises SourceError when its content is plainly another."""
    found = by_content(text, shown) if text.strip() else None
    formats = expected.formats
    if found is None:
        format_ = expected.usual(name)
    elif found in formats or (found is Format.IPTABLES_S and Format.IPTABLES_SAVE in formats):
        format_ = found if found in formats else Format.IPTABLES_SAVE
    elif formats[0] in (Format.CAPTURE_NOTES, Format.CAPTURE_MANIFEST, Format.SNAPSHOT_TOML):
        format_ = formats[0]
    else:
        line = next(line for line in text.split("\n") if line.strip())
        raise SourceError(
            said("by its name this holds `{0}`, but it looks like `{1}`", formats[0].value, found.value),
            file=shown,
            line=text.split("\n").index(line) + 1,
            text=line[:200],
            advice="name the file after what it holds, or capture it again",
        )
    text, comments = without_comments(text, format_, shown)
    piece = Piece(
        format_, text, shown, expected.family, namespace, expected.table, expected.backend,
        expected.all_tables,
    )  # fmt: skip
    return piece, comments


def _from_files(shown: str, files: Files, notes: list[Evidence], bounds: Bounds) -> dict[str, Gathered]:
    """The layout: files of the host beside netns/NAME/ and aws/; hosts/NAME/ instead for several."""
    hosts = sorted(
        {name.split("/")[1] for name in files if name.startswith("hosts/") and name.count("/") > 1}
    )
    found: dict[str, Gathered] = {}
    for host in [bounds.host] if bounds.host in hosts else hosts or [""]:
        prefix = f"hosts/{host}/" if host else ""
        others = tuple(f"hosts/{other}/" for other in hosts if other != host)
        mine = {name: data for name, data in files.items() if not name.startswith(others)}
        found[host] = _of_one_host(
            prefix, mine, [note for note in notes if not note.file.startswith(others)], bounds
        )
    with_files = {host: one for host, one in found.items() if one.pieces}
    if not with_files:
        raise SourceError("holds no file that a snapshot has", file=shown, advice=_ADVICE)
    return with_files


def _of_one_host(prefix: str, files: Files, before: list[Evidence], bounds: Bounds) -> Gathered:
    """The files of one host, whose own begin with ``prefix``."""
    pieces: list[Piece] = []
    notes = list(before)
    failed: list[tuple[str, Failure]] = []
    prose: list[Evidence] = []
    manifest = checked({name.removeprefix(prefix): data for name, data in files.items()}, prefix)
    failed += manifest.failures
    notes += (failure.evidence for _, failure in manifest.failures)
    for name, data in files.items():
        inside = name.removeprefix(prefix)
        parts = inside.split("/")
        namespace = parts[1] if len(parts) == 3 and parts[0] == "netns" else HOST
        if parts[:2] == ["netns", HOST] and len(parts) == 3:
            raise SourceError(
                "a container or network namespace has the name 'host', which is the host's own here",
                file=name, advice="give it another name",
            )  # fmt: skip
        expected = by_name(parts[-1]) if len(parts) == 1 or namespace != HOST else None
        if len(parts) == 2 and parts[0] == "aws":
            expected = by_aws_name(parts[1])
        if expected is None:
            notes.append(note(name, 0, said("not read")))
            continue
        if manifest.untold(inside):
            continue
        text = _text(data, name, bounds)
        if (failure := refused(text, parts[-1], name)) is not None and len(files) > 1:
            failed.append((namespace, failure))
            notes.append(failure.evidence)
            continue
        piece, comments = _piece(parts[-1], name, text, expected, namespace)
        pieces.append(manifest.marked(piece, inside))
        prose += comments
    return Gathered(tuple(pieces), tuple(notes), prose=tuple(prose), failed=tuple(failed))


def _snapshot(path: str, gathered: Gathered, shown: str) -> Snapshot:
    if not gathered.pieces:
        raise _nothing(gathered, shown)
    by_namespace: dict[str, list[Piece]] = {HOST: []}
    for piece in gathered.pieces:
        by_namespace.setdefault(piece.namespace, []).append(piece)
    failures: dict[str, list[Failure]] = {}
    for name, failure in gathered.failed:
        failures.setdefault(name, []).append(failure)
    for piece in gathered.pieces if len(gathered.pieces) > 1 else ():
        for name, failure in noted(piece.text, piece.file) if piece.format is Format.CAPTURE_NOTES else ():
            failures.setdefault(name, []).append(failure)
    everything = Collected(unread=list(gathered.unread), notes=list(gathered.notes))
    namespaces = []
    for name, pieces in by_namespace.items():
        collected = Collected()
        try:
            known = namespace_name(name)
        except BadNameError:
            everything.unread += (Unread(piece.place(), "bad-name", name) for piece in pieces)
            continue
        read = namespace_of(known, pieces, collected)
        namespaces.append(with_failures(read, failures[name]) if name in failures else read)
        everything.notes += collected.notes
    toml = snapshot_toml.SnapshotToml()
    for piece in gathered.pieces:
        if piece.format is Format.SNAPSHOT_TOML:
            toml = snapshot_toml.parse(piece.text, piece.file)
        elif piece.format is Format.CAPTURE_NOTES:
            everything.notes += _capture_notes(piece)
    docker = [piece for piece in gathered.pieces if piece.format in _DOCKER]
    networks = everything.one(
        docker, (Format.DOCKER_NETWORKS,), lambda it: docker_inspect.parse_networks(it.text, it.file)
    )
    containers = everything.one(
        docker, (Format.DOCKER_CONTAINERS,), lambda it: docker_inspect.parse_containers(it.text, it.file)
    )
    instances = everything.one(
        gathered.pieces, (Format.AWS_INSTANCES,), lambda it: aws_instances.parse(it.text, it.file)
    )
    listed = [piece for piece in gathered.pieces if piece.format in docker_lists.FORMATS]
    return Snapshot(
        path=path,
        host=namespaces[0],
        namespaces=tuple(namespaces[1:]),
        networks=networks,
        containers=containers,
        listed_containers=docker_lists.listed_containers(listed, everything),
        listed_networks=docker_lists.listed_networks(listed, everything),
        docker_version=_docker_version(docker, everything),
        instances=instances,
        name=toml.name,
        roles=toml.roles,
        notes=(*toml.notes, *everything.notes),
        unread=tuple(everything.unread),
        prose=gathered.prose,
        texts=_texts(gathered.pieces),
    )


def _texts(pieces: Iterable[Piece]) -> tuple[tuple[str, str], ...]:
    """Each file's text, the pieces of a page on their lines of it."""
    found: dict[str, str] = {}
    pages: dict[str, list[str]] = {}
    for piece in pieces:
        if not piece.pasted:
            found[piece.file] = piece.text
            continue
        page = pages.setdefault(piece.file, [])
        lines = piece.text.split("\n")
        page += [""] * (len(lines) - len(page))
        start = max(piece.place().line - 1, 0)
        page[start : len(lines)] = lines[start:]
    return (*found.items(), *((file, "\n".join(page)) for file, page in pages.items()))


def _docker_version(pieces: Iterable[Piece], collected: Collected) -> str | None:
    piece = collected.best(pieces, (Format.DOCKER_VERSION,))
    if piece is None:
        return None
    if piece.blank:
        raise empty_error(piece)
    collected.use(piece)
    version = docker_inspect.parse_version(piece.text, piece.file)
    if version is None:
        collected.note(piece, "does not tell the engine's version")
    return version


def _capture_notes(piece: Piece) -> list[Evidence]:
    return [
        Evidence(piece.file, number, line)
        for number, line in enumerate(piece.text.split("\n"), 1)
        if line.strip()
    ]


def _nothing(gathered: Gathered, shown: str) -> SourceError:
    """Nothing could be read: say where the text stands that nobody knows."""
    lines = (*(one.evidence for one in gathered.unread), *gathered.notes, *gathered.prose)
    place = next(iter(lines), None)
    if place is None:
        return SourceError("there is no text", file=shown, advice=_ADVICE)
    from sekisho.sources.paste_failures import asked_again  # only where an answer is an error anyway

    story = "\n".join((*(one.file for _, one in gathered.failed), *(line.text for line in lines)))
    for line in lines:
        if (again := asked_again(line.text, story)) is not None:
            return SourceError(
                "the command was refused: what it shows is not known, and not nothing",
                file=line.file, line=line.line, text=line.text,
                advice=said("ask again with the rights for it: {0}", again or "sudo ..."),
            )  # fmt: skip
    return SourceError(
        "no command's output that is known", file=place.file, line=place.line, text=place.text,
        advice=_ADVICE,
    )  # fmt: skip
