"""The guided demonstration: a few commands on the shipped example, each with a word before it."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sekisho
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.verbs import load_verb, verb_parser
from sekisho.errors import UsageError
from sekisho.explain.layout import wrap
from sekisho.explain.lines import lines_text
from sekisho.explain.tints import BOLD, painted

EXAMPLE = "host-10.1.0.81"
WIDTH = 78


@dataclass(frozen=True, slots=True)
class Scene:
    """One command and what to look at in it.

    ``{host}`` in its words stands for the example's folder, ``{copy}`` for the changed copy.
    """

    words: Words
    argv: tuple[str, ...]
    changed: bool = False


_INTRO: Words = {
    "en": "Somebody runs Docker on an EC2 instance, 10.1.0.81, and has sent us what three commands print"
    " there: ip route, iptables -t nat -nL -v and sysctl. Nothing runs on your machine but Sekisho, and"
    " nothing is changed.",
    "ja": "EC2インスタンス 10.1.0.81 でDockerを動かしている人から、3つのコマンドの出力が届きました: "
    "ip route、iptables -t nat -nL -v、sysctl。このマシンで動くのはSekishoだけで、何も変更しません。",
}

SCENES: tuple[Scene, ...] = (
    Scene(
        {
            "en": "What does each of these lines do on that host?",
            "ja": "1行ずつ、そのホストで何をしているのでしょうか。",
        },
        ("explain", "{host}"),
    ),
    Scene(
        {
            "en": "Somebody on the Internet connects to the published port 3306. Where does the packet go,"
            " which line decides, and how does the reply find its way back?",
            "ja": "インターネットから公開ポート3306へ接続します。パケットはどこへ行き、どの行がそれを決め、"
            "応答はどう戻るのでしょうか。",
        },
        ("trace", "{host}", "internet", "10.1.0.81:3306"),
    ),
    Scene(
        {
            "en": "And one that does not get through: the same packet, if IP forwarding were off. A"
            " snapshot is only text, so we change one line in a copy of it.",
            "ja": "届かない例も1つ: IPフォワーディングが無効なら、同じパケットはどうなるでしょうか。"
            "スナップショットはただのテキストなので、コピーの1行を書き換えます。",
        },
        ("trace", "{copy}", "internet", "10.1.0.81:3306"),
        changed=True,
    ),
)

# The change, as a command to type and as what is done here.
COPY = "forwarding-off"
FORWARDING = ("net.ipv4.ip_forward = 1", "net.ipv4.ip_forward = 0")
_CHANGE = "cp -r {host} {copy} && sed -i 's/{before}/{after}/' {copy}/sysctl.txt"

_OUTRO: Words = {
    "en": "Now with a host of your own:",
    "ja": "次はあなたのホストで:",
}
_NEXT = ("sekisho capture --script | ssh HOST sudo sh > host.tar", "sekisho explain host.tar")


def example_folder() -> Path:
    """The example: inside an installed package, or beside ``src`` in a checkout.

    Raises UsageError where it is in neither place.
    """
    package = Path(sekisho.__file__).resolve().parent
    places = (package / "examples" / EXAMPLE, package.parents[1] / "examples" / EXAMPLE)
    for place in places:
        if place.is_dir():
            return place
    raise UsageError("the example is not installed", file=str(places[0]), advice="reinstall sekisho")


def demonstrate(out: Output) -> None:
    """Run every scene through the verbs themselves."""
    with tempfile.TemporaryDirectory() as folder:
        host = example_folder()
        copy = _changed_copy(host, Path(folder, COPY))
        if out.json:
            steps = [
                {"command": shown, "answer": json.loads(_collected(argv, out))}
                for _, shown, argv in _played(host, copy)
            ]
            out.document({"schema": "sekisho/demo/1", "steps": steps})
            return
        out.write(lines_text(wrap(out.pick(_INTRO), WIDTH)))
        for scene, shown, argv in _played(host, copy):
            out.write(f"\n{_heading(scene.words, out)}\n\n")
            if scene.changed:
                before, after = FORWARDING
                change = _CHANGE.format(host=shlex.quote(str(host)), copy=COPY, before=before, after=after)
                out.row(f"$ {change}")
            out.row(f"$ {shown}")
            _answer(argv, out)
        out.write(f"\n{_heading(_OUTRO, out)}\n\n" + lines_text(f"$ {line}" for line in _NEXT))


def _changed_copy(host: Path, copy: Path) -> Path:
    shutil.copytree(host, copy)
    file = copy / "sysctl.txt"
    file.write_text(file.read_text(encoding="utf-8").replace(*FORWARDING), encoding="utf-8")
    return copy


def _played(host: Path, copy: Path) -> Iterator[tuple[Scene, str, list[str]]]:
    """Each scene with its command as one would type it, and as it is run."""
    for scene in SCENES:
        argv = [word.format(host=host, copy=copy) for word in scene.argv]
        typed = [word.format(host=host, copy=COPY) for word in scene.argv]
        yield scene, shlex.join(["sekisho", *typed]), argv


def _answer(argv: Sequence[str], out: Output) -> None:
    """Have a verb print; its exit status is the answer to another question."""
    args = verb_parser(argv[0], out.lang).parse(argv[1:])
    load_verb(argv[0]).run(args, out)


def _collected(argv: Sequence[str], out: Output) -> str:
    stream = io.StringIO()
    _answer(argv, replace(out, stream=stream))
    return stream.getvalue()


def _heading(words: Words, out: Output) -> str:
    """A sentence of the guide, in bold where colours are."""
    return lines_text(painted(line, BOLD, out.color) for line in wrap(out.pick(words), WIDTH))
