"""pytest: labs for other projects' tests.

    def test_reaches_the_server(sekisho_lab):
        lab = sekisho_lab("topology.yaml")          # or sekisho_lab() for the article's system
        assert lab["internet"].http("198.51.100.10:8080").node == "web"

Every lab that a test asks for ends with the test. Where the machine cannot make one, the test is
skipped, and the reason says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sekisho.lab.api import Lab, Source

    LabMaker = Callable[..., Lab]


@pytest.fixture
def sekisho_lab() -> Iterator[LabMaker]:
    """A function that builds a lab: ``sekisho_lab(source=None)``, as ``sekisho.lab.api.Lab`` takes it."""
    from sekisho.lab.system.abilities import obstacles

    found = obstacles()
    if found:
        pytest.skip(f"no lab here: {'; '.join(found)}")
    from sekisho.lab.api import Lab

    made: list[Lab] = []

    def make(source: Source = None) -> Lab:
        lab = Lab(source)
        made.append(lab)
        return lab.up()

    yield make
    for lab in reversed(made):
        lab.down()
