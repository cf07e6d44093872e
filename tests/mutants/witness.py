"""A pytest plugin for the runs: notes where sekisho was imported from, and which tests failed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sekisho

# The environment variable that names the file for it.
NOTES = "SEKISHO_MUTANTS_NOTES"


def _note(line: str) -> None:
    with Path(os.environ[NOTES]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def pytest_configure() -> None:
    """First line: the package under test."""
    _note(str(sekisho.__file__))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Then each failure."""
    if report.failed:
        _note(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot even be read fails as a whole."""
    if report.failed:
        _note(report.nodeid)
