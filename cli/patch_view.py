"""A patch that `git apply` takes, exact to the byte.

Names are relative to the folder awaitify was run in, and the headers are those of a plain unified diff: git
takes such names as relative to the folder *it* runs in, so `awaitify diff --format patch | git apply` works
in a subfolder too. (Names under a `diff --git` header would be relative to the top of the repository there,
and git skips what lies outside of the subfolder without a word.) In a subfolder that itself holds a folder
of the same name, say `git apply -p1`: git would guess otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath

from cli.hunks import byte_hunks
from codemods.errors import PathError
from codemods.model import FileChange

_ESCAPES = {
    0x07: b"\\a",
    0x08: b"\\b",
    0x09: b"\\t",
    0x0A: b"\\n",
    0x0B: b"\\v",
    0x0C: b"\\f",
    0x0D: b"\\r",
    0x22: b'\\"',
    0x5C: b"\\\\",
}


def patch(changes: Sequence[FileChange]) -> bytes:
    """The patch of all files, to be written to stdout as bytes.

    Raises:
        PathError: a file lies outside of the folder awaitify was run in, where git takes no patch.
    """
    for change in changes:
        _check_inside(change.source.name)
    return b"".join(_file(change) for change in changes)


def quoted(prefix: str, name: str) -> bytes:
    """A name as git writes it after `---`: quoted when it must be, a tab after it when it holds a space."""
    raw = os.fsencode(prefix + name)
    tab = b"\t" if b" " in raw else b""
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):
        return raw + tab
    return b'"' + b"".join(_escaped(byte) for byte in raw) + b'"' + tab


def _escaped(byte: int) -> bytes:
    if byte in _ESCAPES:
        return _ESCAPES[byte]
    return bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte


def _file(change: FileChange) -> bytes:
    hunks = byte_hunks(change)
    if not hunks:
        return b""
    name = change.source.name
    parts = [b"--- ", quoted("a/", name), b"\n+++ ", quoted("b/", name), b"\n"]
    for hunk in hunks:
        parts += [hunk.header.encode("ascii"), b"\n"]
        for line in hunk.lines:
            parts += [line.sign.encode("ascii"), line.text]
            if not line.text.endswith(b"\n"):
                parts.append(b"\n\\ No newline at end of file\n")
    return b"".join(parts)


def _check_inside(name: str) -> None:
    path = PurePath(name)
    if path.is_absolute() or ".." in path.parts:
        raise PathError(
            f"{name} lies outside of the current folder, and git takes no patch for it: "
            "run awaitify in a folder that holds all the files"
        )
