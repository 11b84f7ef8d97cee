"""The pinned list of real projects, and the error that all of the primer raises."""

from __future__ import annotations

from pathlib import Path

import msgspec

LIST = Path(__file__).with_name("projects.toml")


class PrimerError(Exception):
    """One project, or the environment, could not be prepared; the message says which and what to do."""


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source distribution, as `projects.toml` pins it."""

    name: str
    version: str
    sha256: str
    """Of the source distribution, in hexadecimal."""
    subdirectory: str
    """What awaitify is run on, relative to the unpacked project."""
    why: str
    requires: tuple[str, ...] = ()
    """What pip installs so that the project's libraries have types."""

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.version}"


class _ProjectList(msgspec.Struct, forbid_unknown_fields=True):
    project: list[Project]


def load_projects(path: Path = LIST) -> list[Project]:
    """Reads the list; raises PrimerError when it has another shape."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_ProjectList).project
    except msgspec.DecodeError as error:
        raise PrimerError(f"{path}: {error}: compare the entry with its neighbours") from error


def requirements_of(projects: list[Project]) -> tuple[str, ...]:
    """What the shared environment holds: sorted, each requirement once."""
    return tuple(sorted({requirement for project in projects for requirement in project.requires}))
