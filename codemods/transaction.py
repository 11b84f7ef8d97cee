"""All or nothing: writes the changes of a migration, or none of them.

Every new content is on disk beside its file before the first file is replaced, and every replaced file is
kept beside it until the last one is. So an error, or Ctrl-C, at any moment leaves the project as it was.

What is not here yet: a journal. When the process is killed outright (SIGKILL, power loss) between the first
and the last rename, some files are new and some are old, each of them whole. The old content of each file
then lies beside it as `.NAME.awaitify-*.old`, and nothing puts it back or removes it on its own. Renames
are atomic one by one, not together, so another program that reads the project meanwhile can see some of
both; and the folders are not synced, so how many of the renames survive a power loss is up to the file
system.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.errors import WriteError
from codemods.model import FileChange


@dataclass(frozen=True, slots=True)
class _Staged:
    """A file that is about to be replaced."""

    name: str
    target: Path
    """The real file, never a symbolic link."""
    new: Path
    """The content to come, with the mode of the target."""
    old: Path
    """Where the replaced file is kept until all is done."""


def write_changes(changes: Sequence[FileChange]) -> None:
    """Writes all changes, or none.

    Mode bits are kept (and, for root, the owner); symbolic links stay and the files they lead to are
    written. A file with several hard links is replaced under the one name that was given.

    Raises:
        WriteError: a file is no longer as it was read, cannot be written, or writing failed on the way. Then
            nothing is written, or all that was written is put back; if even that fails, the message says for
            which files, and where their old content is.
    """
    targets = _targets(changes)
    leftovers: set[Path] = set()
    try:
        staged = [_stage(change, target, leftovers) for target, change in targets.items()]
        _replace_all(staged, leftovers)
    finally:
        for path in leftovers:
            path.unlink(missing_ok=True)


def _targets(changes: Sequence[FileChange]) -> dict[Path, FileChange]:
    """The real files to write; checks that each is as it was read."""
    targets: dict[Path, FileChange] = {}
    stale, closed, twice = [], [], []
    for change in changes:
        target = Path(os.path.realpath(change.source.path))
        other = targets.setdefault(target, change)
        if other.after != change.after:
            twice.append(f"{other.source.name} and {change.source.name}")
        elif not _unchanged(target, change.source.content):
            stale.append(change.source.name)
        elif not os.access(target, os.W_OK):
            closed.append(change.source.name)
    if stale:
        raise WriteError(f"changed since awaitify read it: {_named(stale)}; nothing was written, run awaitify again")
    if closed:
        raise WriteError(f"no permission to write {_named(closed)}; nothing was written")
    if twice:
        raise WriteError(f"one file under two names with two results: {_named(twice)}; nothing was written")
    return targets


def _unchanged(target: Path, content: bytes) -> bool:
    try:
        return target.read_bytes() == content
    except OSError:
        return False  # gone, or no longer to be read: in any case not as it was


def _stage(change: FileChange, target: Path, leftovers: set[Path]) -> _Staged:
    """Puts the new content and a second name for the old one beside `target`."""
    # Cut: a name may have 255 bytes, and the longest character takes 4.
    stem = f".{target.name[:40]}.awaitify-{secrets.token_hex(4)}"
    staged = _Staged(change.source.name, target, target.with_name(f"{stem}.new"), target.with_name(f"{stem}.old"))
    # Registered before they exist, so that Ctrl-C cannot come between.
    leftovers.update((staged.new, staged.old))
    try:
        _create(staged.new, change.after, target.stat())
        _keep(target, staged.old)
    except OSError as error:
        raise WriteError(f"cannot write {staged.name}: {error}; nothing was written") from error
    return staged


def _create(path: Path, content: bytes, like: os.stat_result) -> None:
    # Private until it has the mode of its target, which may be private too.
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        made = os.fstat(file.fileno())
    owner = (like.st_uid, like.st_gid)
    if owner != (made.st_uid, made.st_gid) and hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(path, *owner)  # before chmod: it clears set-id bits
    path.chmod(stat.S_IMODE(like.st_mode))


def _keep(target: Path, old: Path) -> None:
    try:
        old.hardlink_to(target)
    except OSError:
        shutil.copy2(target, old)  # a file system without hard links, or one that forbids this one


def _replace_all(staged: Sequence[_Staged], leftovers: set[Path]) -> None:
    try:
        for file in staged:
            name = file.name
            file.new.replace(file.target)
    except BaseException as error:
        lost = _put_back(staged, leftovers)
        if lost:
            raise WriteError(f"writing {name} failed ({error}), and so did putting back {_named(lost)}") from error
        if isinstance(error, OSError):
            raise WriteError(f"cannot write {name}: {error}; every file is as it was") from error
        raise


def _put_back(staged: Sequence[_Staged], leftovers: set[Path]) -> list[str]:
    """Undoes the renames that happened; returns the files for which that failed, with their old content."""
    lost = []
    for file in staged:
        if file.new.exists():
            continue  # not renamed yet
        try:
            file.old.replace(file.target)
        except OSError as error:
            leftovers.discard(file.old)
            lost.append(f"{file.name} ({error}; its old content is in {file.old})")
    return lost


def _named(names: Sequence[str]) -> str:
    return ", ".join(names)
