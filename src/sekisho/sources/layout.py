"""The files of a snapshot's layout, host by host; each host's are read when it is first asked for."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Failure, note
from sekisho.sources.archive import Files
from sekisho.sources.bounds import Bounds
from sekisho.sources.comments import without_comments
from sekisho.sources.failures import refused
from sekisho.sources.manifest import checked
from sekisho.sources.pieces import HOST, Gathered, Piece
from sekisho.sources.recognise import Expected, Format, by_aws_name, by_content, by_name
from sekisho.sources.text_size import check_text
from sekisho.values.address import Address

_HOSTS = "hosts/"
ADVICE = (
    "a snapshot is a folder or an archive with files such as ip-route.txt, iptables-save.txt and "
    "sysctl.txt; one such file, or the commands' output on standard input, will do too"
)
# Texts that can tell where an address is, of those of the host and its containers.
_TELL_ADDRESSES = frozenset(
    {
        Format.IP_ADDR, Format.IP_ADDR_JSON, Format.IP_BRIEF_ADDR, Format.IFCONFIG, Format.IP_ROUTE,
        Format.IP_ROUTE_JSON, Format.ROUTE_N, Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS,
        Format.DOCKER_TEMPLATE,
    }
)  # fmt: skip


_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass
class HostTexts:
    """What is there of one host. ``files``: those of the layout, its own beginning with ``prefix``; ``read``:
    where they were read already."""

    files: Files
    prefix: str
    notes: list[Evidence]
    bounds: Bounds
    read: Gathered | None = None

    @cached_property
    def gathered(self) -> Gathered:
        """Its texts, each with its format. Raises SourceError where one is not what its name says."""
        return self.read or _of_one_host(self.prefix, self.files, self.notes, self.bounds)

    def may_have(self, address: Address, own: bool) -> bool:
        """Whether the texts may name the address: as one that is there (``own``), or anywhere. IPv6 is
        written in several ways."""
        if self.read is not None or address.family == 6:
            return True
        wanted = str(address).encode()
        texts = (data for name, data in self.files.items() if not own or self._tells(name))
        # Not all is written as it reads: UTF-16 (PowerShell), and what JSON writes by numbers.
        return any(wanted in data or data[:2] in _WIDE or b"\\u00" in data for data in texts)

    def _tells(self, name: str) -> bool:
        expected = by_name(name.rpartition("/")[2])
        return expected is not None and not _TELL_ADDRESSES.isdisjoint(expected.formats)


def by_host(shown: str, files: Files, notes: list[Evidence], bounds: Bounds) -> dict[str, HostTexts]:
    """The layout: files of the host beside netns/NAME/ and aws/; hosts/NAME/ instead for several. Raises
    SourceError where no file is one that a snapshot has."""
    mine: dict[str, Files] = {}
    common: Files = {}
    for name, data in files.items():
        host = name.split("/", 2)[1] if name.startswith(_HOSTS) and name.count("/") > 1 else ""
        (mine.setdefault(host, {}) if host else common)[name] = data
    asked = [bounds.host] if bounds.host in mine else sorted(mine) or [""]
    found: dict[str, HostTexts] = {}
    for host in asked:
        prefix = f"{_HOSTS}{host}/" if host else ""
        told = [each for each in notes if not _of_another(each.file, host)]
        here = {**common, **mine.get(host, {})}
        if any(is_known(name.removeprefix(prefix)) for name in mine.get(host, common)):
            found[host] = HostTexts(here, prefix, told, bounds)
    if not found:
        raise SourceError("holds no file that a snapshot has", file=shown, advice=ADVICE)
    return found


def _of_another(file: str, host: str) -> bool:
    return file.startswith(_HOSTS) and file.split("/", 2)[1] != host


def is_known(name: str) -> bool:
    """Whether a file of a folder, by its relative path, is one that a snapshot has."""
    folder, _, last = name.rpartition("/")
    return (by_aws_name(last) if folder.endswith("aws") else by_name(last)) is not None


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
        text = text_of(data, name, bounds)
        if (failure := refused(text, parts[-1], name)) is not None and len(files) > 1:
            failed.append((namespace, failure))
            notes.append(failure.evidence)
            continue
        piece, comments = piece_of(parts[-1], name, text, expected, namespace)
        pieces.append(manifest.marked(piece, inside))
        prose += comments
    return Gathered(tuple(pieces), tuple(notes), prose=tuple(prose), failed=tuple(failed))


def piece_of(
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


def text_of(data: bytes, file: str, bounds: Bounds) -> str:
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
