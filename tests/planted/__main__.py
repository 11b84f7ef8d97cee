"""`python -m tests.planted`: what awaitify puts back of single awaits that are taken away from real projects.

Exit code 0 when it came to an end, 2 when the measure itself cannot go on.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.planted.checkers import CHECKERS
from tests.planted.table import details, table
from tests.planted.trial import Tools, Trial, try_project
from tests.primer.__main__ import AWAITIFY
from tests.primer.fetch import default_cache, fetch, shared_environment
from tests.primer.projects import PrimerError, load_projects, requirements_of

_LIST = Path(__file__).with_name("projects.toml")


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        projects = load_projects(_LIST)
        unknown = sorted(set(options.only) - {project.name for project in projects})
        if unknown:
            raise PrimerError(f"there is no project {unknown[0]!r}")
        tools = Tools(
            command=tuple(shlex.split(options.command)) if options.command else AWAITIFY,
            python=shared_environment(requirements_of(projects), options.cache),
            timeout=options.timeout,
            seed=options.seed,
            most=options.most,
            checkers=options.checker,
            keep=options.cache / "planted" if options.keep else None,
        )
        trials: list[Trial] = []
        for project in projects:
            if not options.only or project.name in options.only:
                print(f"{project.folder_name} ...", file=sys.stderr, flush=True)
                trials.append(try_project(project, fetch(project, options.cache), tools))
                print(table(trials[-1:], options.checker), details(trials[-1:]), file=sys.stderr, flush=True)
    except PrimerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(trials, options.checker))
    print(details(trials), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    add = parser.add_argument
    add("--cache", type=lambda text: Path(text).resolve(), default=default_cache(), help="default: %(default)s")
    add("--only", action="append", default=[], metavar="NAME", help="only this project (repeatable)")
    add("--seed", type=int, default=1, help="what is drawn (default: %(default)s)")
    add("--most", type=int, default=100, help="how many sites in a project at most (default: %(default)s)")
    add("--command", help="what to run in place of this repository's awaitify, as one shell word list")
    add("--checker", action="append", default=[], choices=sorted(CHECKERS), help="run this too (repeatable)")
    add("--timeout", type=float, default=1800.0, metavar="SECONDS", help="for each run (default: %(default)s)")
    add("--keep", action="store_true", help="keep the planted copies as awaitify leaves them, in the cache")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
