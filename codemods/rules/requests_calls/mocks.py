"""Tests that replace requests by something of theirs, and no longer see what another library sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from codemods.rules.requests_calls import VERBS

_PATCHED = re.compile(
    r"\b(?:patch|setattr)\w*\(\s*[\"'](?:[\w.]+\.)?requests(?:\.(?:api\.|(?:sessions\.)?Session\.)?(\w+))?[\"']"
    r"|\b(?:patch\.object|setattr)\(\s*(?:\w+\.)*requests\s*,\s*[\"'](\w+)[\"']"
)
_LIBRARY = re.compile(r"^[ \t]*(?:import|from)[ \t]+(responses|requests_mock|httpretty|vcr|betamax|pook)\b", re.M)


def replaced_verbs(texts: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """What is replaced where: for each verb the first place as text.

    `texts` are paths and the files' texts.
    """
    found: dict[str, str] = {}
    for path, text in sorted(texts):
        for match in (*_LIBRARY.finditer(text), *_PATCHED.finditer(text)):
            name = match[match.lastindex] if match.lastindex and match.re is _PATCHED else None
            line = text.count("\n", 0, match.start()) + 1
            for verb in (name,) if name in VERBS else VERBS:
                assert verb is not None
                found.setdefault(verb, f"{path}:{line}")
    return found


def note(client: str, verb: str, replaced: Mapping[str, str]) -> tuple[str, ...]:
    """What to say of a request with a verb."""
    if verb not in replaced:
        return ()
    return (f"{replaced[verb]} replaces requests in a test: {client} does not go through it",)
