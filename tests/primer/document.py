"""The part of awaitify's JSON that the primer reads, and the checks on it that need no files."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

ACTIONS = ("native", "awaited", "offloaded", "bridged", "left")
VERSION = 1
_SEED = re.compile(r"AW1\d\d")


class Finding(msgspec.Struct, frozen=True):
    rule: str
    path: str
    line: int
    call: str
    action: str
    reason: str


class FunctionFate(msgspec.Struct, frozen=True):
    name: str
    """`module:qualname`."""
    fate: str


class File(msgspec.Struct, frozen=True):
    path: str
    changed: bool


class Problem(msgspec.Struct, frozen=True):
    path: str
    line: int | None
    message: str


class Fates(msgspec.Struct, frozen=True, rename={"asynchronous": "async"}):
    asynchronous: int
    split: int
    sync: int


class Summary(msgspec.Struct, frozen=True):
    native: int
    awaited: int
    offloaded: int
    bridged: int
    left: int
    functions: Fates


class Document(msgspec.Struct, frozen=True):
    """What `diff` and `apply` say with `--format json`."""

    version: int
    scope: str
    summary: Summary
    findings: list[Finding]
    functions: list[FunctionFate]
    files: list[File]
    errors: list[Problem]

    @property
    def changed(self) -> list[str]:
        return sorted(file.path for file in self.files if file.changed)

    @property
    def seeds(self) -> int:
        return sum(1 for finding in self.findings if _SEED.fullmatch(finding.rule))

    @property
    def promoted(self) -> list[str]:
        return [function.name for function in self.functions if function.fate == "async"]


def decode(content: bytes) -> Document:
    """Raises msgspec.DecodeError when it is no JSON of the documented shape."""
    return msgspec.json.decode(content, type=Document)


def miscounts(document: Document) -> list[str]:
    """Where the document contradicts itself: the counts must add up."""
    wrong = []
    if document.version != VERSION:
        wrong.append(f"its version is {document.version}, known is {VERSION}")
    actions = Counter(finding.action for finding in document.findings)
    wrong += [f"a finding has the unknown action {action!r}" for action in sorted(set(actions) - set(ACTIONS))]
    for action in ACTIONS:
        said: int = getattr(document.summary, action)
        if said != actions[action]:
            wrong.append(f"the summary says {said} {action}, the findings {actions[action]}")
    fates = Counter(function.fate for function in document.functions)
    told = document.summary.functions
    for fate, said in (("async", told.asynchronous), ("split", told.split), ("sync", told.sync)):
        if said != fates[fate]:
            wrong.append(f"the summary says {said} {fate} functions, the list {fates[fate]}")
    return wrong
