"""Migrates the sync version of each library and prints how it compares with the async one that its authors maintain."""

from __future__ import annotations

import argparse
import ast
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codemods import migrate
from codemods.config import Config
from codemods.model import Migration, Scope
from codemods.packs import DeclaredCall, DeclaredUse
from tests.paired.comparison import Measure, Score, compare
from tests.primer.fetch import default_cache, fetch, shared_environment
from tests.primer.projects import PrimerError, Project

PRECISION, RECALL = 0.98, 0.95


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One library, as `pairs.toml` pins it."""

    name: str
    version: str
    sha256: str
    package: str
    """The folder that holds both versions, relative to the unpacked distribution."""
    sync: str
    """The folder of the sync version, relative to the package."""
    asynchronous: str
    why: str
    call: tuple[DeclaredCall, ...]
    """What blocks, as a user declares it."""
    iter: tuple[DeclaredUse, ...] = ()
    also_asynchronous: tuple[str, ...] = ()
    """Modules that only the async version uses, relative to the package."""
    requires: tuple[str, ...] = ()
    renamed: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def project(self) -> Project:
        """What the primer gets."""
        return Project(self.name, self.version, self.sha256, self.package, self.why, self.requires)


class _Pairs(msgspec.Struct, forbid_unknown_fields=True):
    pair: list[Pair]


def migrated(pair: Pair, folder: Path, python: Path) -> Migration:
    """What awaitify makes of a copy of the package that has no async version."""
    config = Config(scope=Scope.ALL, python=python, call=pair.call, iter=pair.iter)
    return migrate([folder], config, folder)


def without_async_classes(text: str) -> str:
    """A shared module without the classes that only the async version uses."""
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.ClassDef) and node.name.startswith("Async"):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            del lines[first - 1 : node.end_lineno]
    return "".join(lines)


def run(pair: Pair, cache: Path) -> dict[Measure, Score]:
    """Migrates a copy and compares it."""
    source = fetch(pair.project, cache) / pair.package
    python = shared_environment(sorted(pair.requires), cache)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, Path(pair.package).name)
        shutil.copytree(source, copy)
        shutil.rmtree(copy / pair.asynchronous.partition("/")[0])
        for name in pair.also_asynchronous:
            (copy / name).unlink()
        for path in copy.rglob("*.py"):
            path.write_text(without_async_classes(path.read_text("utf-8")), "utf-8")
        migration = migrated(pair, copy, python)
        for problem in migration.problems:
            print(f"  problem: {problem.path}: {problem.message}")
        for change in migration.changes:
            change.source.path.write_bytes(change.after)
        for finding in migration.findings:
            if finding.action == "left":
                print(f"  left: {finding.path}:{finding.line} {finding.call}: {finding.reason}")
        return compare(copy / pair.sync, source / pair.asynchronous, pair.renamed)


def report(scores: dict[Measure, Score], *, verbose: bool) -> bool:
    """Prints the scores; whether all are as good as they have to be."""
    good = True
    for measure, score in scores.items():
        good &= score.precision >= PRECISION and score.recall >= RECALL
        print(
            f"  {measure:<10} right {score.right:>5}  missed {len(score.missed):>4}  false {len(score.false):>4}"
            f"  precision {score.precision:.3f}  recall {score.recall:.3f}"
        )
        for word, places in (("missed", score.missed), ("false", score.false)) if verbose else ():
            for module, function, what in places:
                print(f"    {word}: {module} {function} {what}")
    return good


def main(arguments: Sequence[str]) -> int:
    """0 when every library is as good as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.paired", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these libraries")
    parser.add_argument("--verbose", action="store_true", help="print what was missed, and false alarms")
    parser.add_argument("--cache", type=Path, default=default_cache())
    options = parser.parse_args(arguments)
    listed = msgspec.toml.decode(Path(__file__).with_name("pairs.toml").read_bytes(), type=_Pairs).pair
    good = True
    for pair in listed:
        if options.names and pair.name not in options.names:
            continue
        print(f"{pair.name} {pair.version}")
        try:
            good &= report(run(pair, options.cache), verbose=options.verbose)
        except PrimerError as error:
            print(f"  {error}")
            good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
