"""The command line: what is asked for, in which format, and the exit code.

Only typer is imported here: the engine and rich are imported by the commands that need them, so that
`--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from cli.options import (
    ClientOption,
    ConfigOption,
    DiffFormat,
    FallbackOption,
    Format,
    IgnoreOption,
    KeepSyncOption,
    ParityOption,
    Paths,
    PythonOption,
    Request,
    ScopeOption,
    SelectOption,
    SessionOption,
    UpdateOption,
)

if TYPE_CHECKING:
    from cli.summary import RuleText
    from codemods.model import Migration

DONE = 0
SOME = 1
"""`check`: findings; `diff --exit-code`: changes; `apply`: refused or partly left out."""
FAILED = 2
INTERRUPTED = 130

app = typer.Typer(
    name="awaitify",
    help="Migrates synchronous Python to asyncio over a whole project. Shows every change before it writes.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


def run() -> None:
    """The console script: runs the command; errors of awaitify's own go to stderr, with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name or a line of code that the terminal's encoding lacks must not end the run.
            stream.reconfigure(errors="backslashreplace")
    # a stop from outside unwinds like Ctrl-C does: the checker ends and its report is deleted
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        app()
    except SystemExit:
        raise
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except _awaitify_error() as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(FAILED) from None


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"awaitify {_version()}")
        raise typer.Exit(DONE)


@app.callback()
def awaitify(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say the version and exit.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Typer turns this into the options that stand before the command; they act in callbacks of their own."""


@app.command()
def check(
    paths: Paths = None,
    scope: ScopeOption = None,
    fallback: FallbackOption = None,
    client: ClientOption = None,
    parity: ParityOption = None,
    session: SessionOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    keep_sync: KeepSyncOption = None,
    python: PythonOption = None,
    config: ConfigOption = None,
    format: Format = None,
) -> None:
    """Lists the calls that block the event loop or are never awaited. Exit code: 0 none, 1 some, 2 error."""
    migration = _migrate(
        Request(paths, scope, fallback, client, parity, session, select, ignore, keep_sync, python, config)
    )
    _show_check(migration, format or _default_format())
    _report_problems(migration)
    if migration.problems:
        _exit(FAILED)
    from cli.summary import current_findings

    _exit(SOME if current_findings(migration) else DONE)


@app.command()
def diff(
    paths: Paths = None,
    scope: ScopeOption = None,
    fallback: FallbackOption = None,
    client: ClientOption = None,
    parity: ParityOption = None,
    session: SessionOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    keep_sync: KeepSyncOption = None,
    python: PythonOption = None,
    config: ConfigOption = None,
    update_requirements: UpdateOption = None,
    format: DiffFormat = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when something would change.")] = False,
) -> None:
    """Shows what would change, and why; writes nothing. A patch is for `git apply` in the same folder."""
    migration = _migrate(
        Request(
            paths,
            scope,
            fallback,
            client,
            parity,
            session,
            select,
            ignore,
            keep_sync,
            python,
            config,
            update_requirements,
        )
    )
    _show_diff(migration, format or _default_format())
    _report_problems(migration)
    if migration.problems:
        _exit(FAILED)
    _exit(SOME if exit_code and migration.changes else DONE)


@app.command()
def apply(
    paths: Paths = None,
    scope: ScopeOption = None,
    fallback: FallbackOption = None,
    client: ClientOption = None,
    parity: ParityOption = None,
    session: SessionOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    keep_sync: KeepSyncOption = None,
    python: PythonOption = None,
    config: ConfigOption = None,
    update_requirements: UpdateOption = None,
    format: Format = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Write although tracked files have uncommitted changes.")
    ] = False,
) -> None:
    """Shows what would change, asks, and writes it. Exit code: 0 done, 1 refused or partly done, 2 error."""
    migration = _migrate(
        Request(
            paths,
            scope,
            fallback,
            client,
            parity,
            session,
            select,
            ignore,
            keep_sync,
            python,
            config,
            update_requirements,
        )
    )
    chosen = format or _default_format()
    _show_diff(migration, chosen)
    _report_problems(migration)
    if migration.changes:
        if not allow_dirty:
            _refuse_dirty_tree(migration)
        if not yes:
            _ask(migration)
        _write(migration, to_stderr=chosen == "json")
    _exit(SOME if migration.problems else DONE)


@app.command()
def graph(
    paths: Paths = None,
    scope: ScopeOption = None,
    client: ClientOption = None,
    keep_sync: KeepSyncOption = None,
    python: PythonOption = None,
    config: ConfigOption = None,
    format: Format = None,
) -> None:
    """Shows what becomes async and why, as a tree from entry points to calls; writes nothing."""
    migration = _migrate(Request(paths, scope=scope, client=client, keep_sync=keep_sync, python=python, config=config))
    _show_graph(migration, format or _default_format())
    _report_problems(migration)
    _exit(FAILED if migration.problems else DONE)


@app.command()
def rules() -> None:
    """Lists the rules."""
    from cli import text_view
    from codemods.rules import RULES

    typer.echo(text_view.rules(RULES), nl=False)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="ID|FILE:LINE", help="As in `awaitify rules`, or a place.")],
    scope: ScopeOption = None,
    client: ClientOption = None,
    python: PythonOption = None,
    config: ConfigOption = None,
) -> None:
    """Explains one rule, with code before and after, or what becomes of a line of the project around this folder."""
    path, colon, line = what.rpartition(":")
    if colon and line.isdecimal():
        _explain_place(Path(path), int(line), Request(None, scope=scope, client=client, python=python, config=config))
        return
    rule = _rule(what)
    if _default_format() == "rich":
        from cli import rich_view

        rich_view.explain(rich_view.console(), rule)
    else:
        from cli import text_view

        typer.echo(text_view.explain(rule), nl=False)


def _explain_place(path: Path, line: int, request: Request) -> None:
    """Prints what becomes of a line; the whole folder it was asked in is looked at."""
    from cli.chains import place_lines
    from cli.summary import visible
    from codemods.errors import PathError

    if not path.is_file():
        raise PathError(f"there is no file {path}: a place is FILE:LINE, with a path from the current folder")
    name = Path(os.path.relpath(path)).as_posix()
    if name.startswith("../"):
        raise PathError(f"{path} is not below the current folder: run it in the folder of its project")
    migration = _migrate(request)
    lines = place_lines(migration, name, line)
    for text in lines or [f"{path}:{line}: nothing blocks there, and nothing has to be awaited"]:
        typer.echo(visible(text))
    _report_problems(migration)
    _exit(FAILED if migration.problems else DONE)


def _migrate(request: Request) -> Migration:
    from codemods import migrate
    from codemods.config import load_config
    from codemods.model import Fallback, HttpClient, Parity, Scope, SessionMode

    paths = request.paths or [Path()]
    config = load_config(_common_folder(paths), request.config)
    given: dict[str, Any] = {}
    kinds = {"scope": Scope, "fallback": Fallback, "client": HttpClient, "parity": Parity, "session": SessionMode}
    for name, kind in kinds.items():
        value = getattr(request, name)
        if value is not None:
            given[name] = kind(value)
    if request.select:
        given["select"] = frozenset(request.select)
    if request.ignore:
        given["ignore"] = frozenset(request.ignore)
    if request.keep_sync:
        given["keep_sync"] = (*config.keep_sync, *request.keep_sync)
    if request.python is not None:
        given["python"] = request.python
    if request.update_requirements is not None:
        given["update_requirements"] = request.update_requirements
    with _progress():
        return migrate(paths, replace(config, **given))


def _common_folder(paths: list[Path]) -> Path:
    common = Path(os.path.commonpath([path.resolve() for path in paths]))
    return common.parent if common.is_file() else common


@contextmanager
def _progress() -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("Reading the project"):
        yield


def _show_check(migration: Migration, format: str) -> None:
    if format == "rich":
        from cli import rich_view

        rich_view.check(rich_view.console(), migration)
    elif format == "json":
        from cli import json_view

        sys.stdout.write(json_view.document(migration, diffs=False))
    else:
        from cli import text_view

        sys.stdout.write(text_view.check(migration))
    sys.stdout.flush()


def _show_diff(migration: Migration, format: str) -> None:
    if format == "rich":
        from cli import rich_view

        rich_view.diff(rich_view.console(), migration)
    elif format == "json":
        from cli import json_view

        sys.stdout.write(json_view.document(migration, diffs=True))
    elif format == "patch":
        from cli import patch_view

        sys.stdout.buffer.write(patch_view.patch(migration.changes))
    else:
        from cli import text_view

        sys.stdout.write(text_view.diff(migration))
    sys.stdout.flush()


def _show_graph(migration: Migration, format: str) -> None:
    if format == "rich":
        from cli import rich_view

        rich_view.graph(rich_view.console(), migration)
    elif format == "json":
        from cli import json_view

        sys.stdout.write(json_view.document(migration, diffs=False))
    else:
        from cli import text_view

        sys.stdout.write(text_view.graph(migration))
    sys.stdout.flush()


def _report_problems(migration: Migration) -> None:
    from cli.summary import visible

    for problem in migration.problems:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        print(visible(f"error: {place}: {problem.message}"), file=sys.stderr)


def _refuse_dirty_tree(migration: Migration) -> None:
    from cli.summary import counted, visible
    from cli.worktree import modified_files

    modified = modified_files(change.source.path for change in migration.changes)
    if not modified:
        return
    names = visible(", ".join(str(path) for path in modified[:3]))
    more = f" and {len(modified) - 3:,} more" if len(modified) > 3 else ""
    _refuse(
        f"{counted(len(modified), 'tracked file')} with uncommitted changes ({names}{more}): "
        "commit or stash them, or use --allow-dirty"
    )


def _ask(migration: Migration) -> None:
    from cli.summary import counted

    if not sys.stdin.isatty():
        _refuse("nobody can be asked, since stdin is no terminal: use --yes to write")
    question = f"Write {counted(len(migration.changes), 'file')}? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        _refuse("the answer was not yes")


def _write(migration: Migration, *, to_stderr: bool) -> None:
    from cli import text_view
    from codemods.transaction import write_changes

    write_changes(migration.changes)
    # With --format json the document is all of stdout.
    print(text_view.written(migration.changes), end="", file=sys.stderr if to_stderr else sys.stdout)


def _refuse(reason: str) -> NoReturn:
    print(f"Nothing was written: {reason}.", file=sys.stderr)
    raise typer.Exit(SOME)


def _exit(code: int) -> NoReturn:
    raise typer.Exit(code)


def _default_format() -> Literal["rich", "text"]:
    return "rich" if sys.stdout.isatty() else "text"


def _rule(rule_id: str) -> RuleText:
    from codemods.errors import AwaitifyError
    from codemods.rules import RULES

    for rule in RULES:
        if rule.id == rule_id.upper():
            return rule
    raise AwaitifyError(f"there is no rule {rule_id}: `awaitify rules` lists them")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("awaitify")
    except PackageNotFoundError:
        return "(not installed, run from its sources)"


def _awaitify_error() -> type[Exception]:
    # Called only once an exception is on its way: importing the engine's package is not free.
    from codemods.errors import AwaitifyError

    return AwaitifyError
