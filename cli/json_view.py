"""JSON: one document on stdout, version 1, ASCII only.

`diff` and `apply` write all of it, `check` the same without `diff` in `files`; so its `findings` also hold
the calls of functions that become async (rules `AW3…`), which the other formats of `check` and its exit
code leave out. Lists are sorted by place or name. Paths are relative to where awaitify was run, with
forward slashes. Lines are 1-based; columns are 1-based and count code points.

    {
      "version": 1,
      "scope": "async" | "all",
      "scope_reason": string,
      "summary": {
        "native": int, "awaited": int, "offloaded": int, "bridged": int, "left": int,   calls, one action each
        "functions": {"async": int, "split": int, "sync": int}
      },
      "findings": [{
        "rule": string, "path": string, "line": int, "column": int,
        "function": string,         the function the call stands in, "module:qualname"
        "call": string,             the qualified name of what is called
        "action": "native" | "awaited" | "offloaded" | "bridged" | "left",
        "certainty": "certain" | "likely" | "guess",
        "reason": string,
        "notes": [string],          how the async form differs
        "chain": [string]           from async code to the call, "module:qualname (path:line)"
      }],
      "functions": [{"name": string, "fate": "async" | "split" | "sync", "reason": string}],
      "files": [{
        "path": string,
        "changed": true,            only files that change are listed
        "diff": string              a unified diff of the decoded text; `--format patch` writes exact bytes
      }],
      "errors": [{"path": string, "line": int | null, "message": string}],
      "missing_modules": [string],  imported and not installed where types are looked up
      "requirements": [{            what the changes ask of the project's requirements
        "path": string,
        "line": int | null,         where the lines stand, or the new ones will; null: anywhere in the file
        "remove": string | null,    whole lines, with "\\n" between several
        "add": string | null,       likewise; null both: a requirement stays
        "reason": string
      }]
    }

Requirements are also among `files` where they are to be written (`--update-requirements`).

A new key is no new version; a key that goes or changes its meaning is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from cli.hunks import text_hunks
from cli.summary import action_counts, fate_counts
from codemods.model import FileChange, Finding, FunctionFate, Migration, Problem, RequirementChange

VERSION = 1


def document(migration: Migration, *, diffs: bool) -> str:
    """The document with a line end; `diffs` says whether `files` hold their diff."""
    shown = {
        "version": VERSION,
        "scope": migration.scope.value,
        "scope_reason": migration.scope_reason,
        "summary": {
            **action_counts(migration.findings),
            "functions": fate_counts(migration.functions),
        },
        "findings": _findings(migration.findings),
        "functions": _functions(migration.functions),
        "files": _files(migration.changes, diffs),
        "errors": _errors(migration.problems),
        "missing_modules": sorted(migration.missing_modules),
        "requirements": _requirements(migration.requirements),
    }
    return json.dumps(shown, indent=2) + "\n"


def unified_diff(change: FileChange) -> str:
    """A unified diff whose lines keep their own line ends; empty when the text is the same."""
    name = change.source.name
    parts = [f"--- a/{name}\n+++ b/{name}\n"]
    hunks = text_hunks(change)
    for hunk in hunks:
        parts.append(hunk.header + "\n")
        for line in hunk.lines:
            ended = line.text.endswith(("\n", "\r"))
            parts.append(line.sign + line.text + ("" if ended else "\n\\ No newline at end of file\n"))
    return "".join(parts) if hunks else ""


def _findings(findings: Iterable[Finding]) -> list[dict[str, object]]:
    return [
        {
            "rule": finding.rule,
            "path": finding.path,
            "line": finding.line,
            "column": finding.column,
            "function": finding.function,
            "call": finding.call,
            "action": finding.action.value,
            "certainty": finding.certainty.value,
            "reason": finding.reason,
            "notes": list(finding.notes),
            "chain": list(finding.chain),
        }
        for finding in sorted(findings, key=lambda f: (f.path, f.line, f.column, f.rule, f.call))
    ]


def _functions(functions: Iterable[FunctionFate]) -> list[dict[str, object]]:
    ordered = sorted(functions, key=lambda f: (f.name, f.path, f.line))
    return [{"name": f.name, "fate": f.fate.value, "reason": f.reason} for f in ordered]


def _files(changes: Iterable[FileChange], diffs: bool) -> list[dict[str, object]]:
    files: list[dict[str, object]] = []
    for change in sorted(changes, key=lambda c: c.source.name):
        entry: dict[str, object] = {"path": change.source.name, "changed": True}
        if diffs:
            entry["diff"] = unified_diff(change)
        files.append(entry)
    return files


def _errors(problems: Iterable[Problem]) -> list[dict[str, object]]:
    ordered = sorted(problems, key=lambda p: (p.path, p.line or 0, p.message))
    return [{"path": p.path, "line": p.line, "message": p.message} for p in ordered]


def _requirements(changes: Iterable[RequirementChange]) -> list[dict[str, object]]:
    ordered = sorted(changes, key=lambda c: (c.path, c.line or 0, c.reason))
    return [{"path": c.path, "line": c.line, "remove": c.remove, "add": c.add, "reason": c.reason} for c in ordered]
