"""Reading snapshot.toml."""

from __future__ import annotations

import pytest

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence
from sekisho.sources import snapshot_toml


def test_reads_all() -> None:
    text = 'name = "web-1"\nnotes = """taken before\nthe upgrade"""\n\n[roles]\neth0 = "internet"\n'
    text += '"eth1.7" = "vpc"\n'
    toml = snapshot_toml.parse(text, "snapshot.toml")
    assert toml.name == "web-1"
    assert toml.roles == (("eth0", "internet"), ("eth1.7", "vpc"))
    assert toml.notes == (
        Evidence("snapshot.toml", 2, "taken before"),
        Evidence("snapshot.toml", 2, "the upgrade"),
    )
    assert snapshot_toml.parse("", "snapshot.toml") == snapshot_toml.SnapshotToml()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "web-1\n', 1),
        ('name = "x"\n[roles\n', 2),
        ("name = 7\n", 1),
        ('name = "x"\nnmae = "y"\n', 2),
        ("[roles]\neth0 = 1\n", 2),
        ('roles = "internet"\n', 1),
    ],
)
def test_refuses_with_the_place(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        snapshot_toml.parse(text, "snapshot.toml")
    assert (caught.value.file, caught.value.line) == ("snapshot.toml", line)
