"""Requests whose responses leave the function that makes them: which of them can be another library's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import libcst as cst

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Parity, Span
from codemods.rules.requests_calls.handling import NativeRequest
from codemods.rules.requests_calls.received import annotations_of, other_returns
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_NOT_STRICT = "what is done with it then is not written strictly"


class _Draft(Protocol):
    """What is known of one request, as far as it matters here."""

    form: Any
    """A `NativeRequest`, or why there is none."""
    groups: set[str]

    @property
    def refusal(self) -> Refusal | None: ...


def settle_leaving(tree: Tree, drafts: Mapping[Span, _Draft], imports: ImportedNames, parity: Parity) -> None:
    """Has functions that return responses return nothing else: all of their responses are the client's, or none."""
    forms = {
        span: draft.form
        for span, draft in drafts.items()
        if isinstance(draft.form, NativeRequest) and draft.refusal is None
    }
    for span, named in _leaving(tree, forms, imports, parity).items():
        if forms[span].returns:
            drafts[span].groups.add("what it returns")
        drafts[span].form = named if isinstance(named, Refusal) else replace(forms[span], annotations=named)


def _leaving(
    tree: Tree,
    forms: Mapping[Span, NativeRequest],
    imports: ImportedNames,
    parity: Parity,
) -> Mapping[Span, tuple[Span, ...] | Refusal]:
    """For the requests whose responses leave their functions, the parts of signatures that name the class of those.

    Or why they cannot change. A function that returns responses has to return nothing else: all change, or none.
    """
    returning: dict[int, tuple[cst.FunctionDef, list[Span]]] = {}
    found: dict[Span, tuple[Span, ...] | Refusal] = {}
    for span, form in forms.items():
        call = tree.at(span, cst.Call)
        function = None if call is None else enclosing_function(tree.path(call))
        if form.returns and isinstance(function, cst.FunctionDef):
            returning.setdefault(id(function), (function, []))[1].append(span)
        elif form.handings:
            is_strict = parity is Parity.STRICT
            found[span] = Refusal(f"the response is passed on, and {_NOT_STRICT}") if is_strict else ()
    for function, spans in returning.values():
        known = {returned for span in spans for returned in forms[span].returns}
        line = other_returns(tree, function, known)
        named = annotations_of(tree, function, imports)
        if parity is Parity.STRICT:
            named = Refusal(f"the response is returned, and {_NOT_STRICT}")
        elif line is not None:
            named = Refusal(f"the response is returned, and line {line} returns something else")
        found.update(dict.fromkeys(spans, named))
    return found
