"""Compose files: read, merged, checked and normalised as ``docker compose config`` does it."""

from __future__ import annotations

from sekisho.docker.compose.load import load_project
from sekisho.docker.compose.project import Project

__all__ = ["Project", "load_project"]
