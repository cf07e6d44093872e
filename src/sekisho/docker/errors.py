"""Docker's refusals, with the place of the wish that it refuses."""

from __future__ import annotations

from sekisho.errors import Said, SekishoError
from sekisho.model.evidence import Evidence


class DockerError(SekishoError):
    """What dockerd (or compose) would answer instead of doing it. ``what`` is Docker's own wording."""

    def __init__(self, what: str, place: Evidence | None = None, advice: str | Said = "") -> None:
        if place is None:
            super().__init__(what, advice=advice)
        else:
            super().__init__(what, file=place.file, line=place.line, text=place.text, advice=advice)
