"""What git says about the files that are about to be written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from codemods.errors import AwaitifyError


def modified_files(paths: Iterable[Path]) -> list[Path]:
    """The tracked files with uncommitted changes in the repositories that hold `paths`, sorted and absolute.

    Empty when there is no git, or no path lies in a repository.

    Raises:
        AwaitifyError: git is there and the repository too, but git cannot tell its state.
    """
    folders = {path.resolve().parent for path in paths}
    roots = {root for folder in folders if (root := repository(folder)) is not None}
    return sorted(modified for root in roots for modified in _modified_in(root))


def repository(folder: Path) -> Path | None:
    """The top of the git work tree that holds `folder` (absolute), or None."""
    # `.git` is a file in submodules and in linked work trees.
    return next((top for top in (folder, *folder.parents) if (top / ".git").exists()), None)


def _modified_in(root: Path) -> list[Path]:
    program = shutil.which("git")
    if program is None:
        return []
    command = [program, "status", "--porcelain=v1", "-z", "--untracked-files=no"]
    # Without this, git would refresh its index on the way, and awaitify has not been told to write yet.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        said = os.fsdecode(done.stderr).strip()
        raise AwaitifyError(
            f"git cannot tell whether {root} has uncommitted changes ({said}); "
            "repair that, or use --allow-dirty to write without knowing"
        )
    return [root / os.fsdecode(name) for name in _names(done.stdout)]


def _names(status: bytes) -> list[bytes]:
    names = []
    entries = iter(status.split(b"\0")[:-1])
    for entry in entries:
        names.append(entry[3:])
        if entry[:1] in (b"R", b"C"):
            next(entries)  # the name before the rename follows as an entry of its own
    return names
