"""The options that `check`, `diff` and `apply` have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files and folders.", show_default="the current folder"),
]
ScopeOption = Annotated[
    Literal["auto", "async", "all"] | None,
    typer.Option("--scope", help="What async code reaches, or all; auto: async where there is async code."),
]
FallbackOption = Annotated[
    Literal["thread", "leave"] | None,
    typer.Option("--fallback", help="For blocking calls without an async form: a thread, or leave them."),
]
ClientOption = Annotated[
    Literal["aiohttp", "httpx"] | None,
    typer.Option("--client", help="What takes the place of requests."),
]
ParityOption = Annotated[
    Literal["idiomatic", "strict"] | None,
    typer.Option("--parity", help="How close to requests: told in notes, or all that can be."),
]
SessionOption = Annotated[
    Literal["call", "function", "inject"] | None,
    typer.Option("--session", help="Which requests share a session: none, those of a function, those of a call chain."),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="ID", help="Only this rule (repeatable); overrides the configured ones."),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="ID", help="Not this rule (repeatable); overrides the configured ones."),
]
KeepSyncOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep-sync",
        metavar="NAME",
        help="A function that must stay sync, as module:qualname (repeatable); added to the configured ones.",
    ),
]
PythonOption = Annotated[
    Path | None,
    typer.Option("--python", metavar="PATH", help="The interpreter whose installed libraries are seen."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Read [tool.awaitify] in this TOML file."),
]
UpdateOption = Annotated[
    bool | None,
    typer.Option(
        "--update-requirements/--no-update-requirements",
        help="Also change what pyproject.toml and requirements*.txt name; default: say what would change.",
        show_default=False,
    ),
]
_FORMAT_HELP = "Default: rich on a terminal, else text."
Format = Annotated[Literal["rich", "text", "json"] | None, typer.Option("--format", help=_FORMAT_HELP)]
DiffFormat = Annotated[Literal["rich", "text", "json", "patch"] | None, typer.Option("--format", help=_FORMAT_HELP)]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user gave; None and empty mean: as configured."""

    paths: list[Path] | None
    scope: str | None = None
    fallback: str | None = None
    client: str | None = None
    parity: str | None = None
    session: str | None = None
    select: list[str] | None = None
    ignore: list[str] | None = None
    keep_sync: list[str] | None = None
    python: Path | None = None
    config: Path | None = None
    update_requirements: bool | None = None
