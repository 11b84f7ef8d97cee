"""Responses that a function of the project returns: what its callers do with them, and which returns are understood."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Span
from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_aiohttp.placed import Path, notes_of, place_uses
from codemods.rules.requests_aiohttp.response import DECODES, NOTES
from codemods.rules.requests_aiohttp.shapes import may_let_go
from codemods.rules.requests_calls.assigned import RESPONSE_TYPE, Assigned, assignment_of, uses_of
from codemods.rules.requests_calls.expressions import is_name, unquoted
from codemods.rules.requests_calls.handling import NativeResponse, PlacedUse, ResponseUse, is_returned
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Offer, Refusal
from codemods.tree import Tree

_RESPONSE_CLASSES = frozenset({"requests.Response", RESPONSE_TYPE})
_UNIONS = frozenset({"typing.Optional", "typing.Union"})
_REPEATED = frozenset(
    {
        ResponseUse.IS_REDIRECT,
        ResponseUse.IS_PERMANENT_REDIRECT,
        ResponseUse.COOKIE_OR_ELSE,
        ResponseUse.TRUTH_OR_NONE,
    }
)
"""The uses that are written with the response more than once: it has to have a name."""


@dataclass(frozen=True, slots=True)
class ReceivedForm(NativeResponse):
    """What is done with the response that a function of the project returns, once that is aiohttp's."""

    decodes_text: bool = False
    """Whether JSON is decoded from the text."""
    returns: tuple[Span, ...] = ()
    """Where it is returned again."""
    annotations: tuple[Span, ...] = ()
    """The parts of the signature that name the class of the response then."""


def received_all(
    tree: Tree, calls: Mapping[Span, str], imports: ImportedNames, types: Mapping[Span, str]
) -> dict[Span, Offer]:
    """For each call of a function that returns a response, what is done with that.

    `calls` says by span which function is called.
    """
    offers: dict[Span, Offer] = {}
    groups: dict[tuple[int, str, str], list[Assigned]] = {}
    for span, target in calls.items():
        call = tree.at(span, cst.Call)
        if call is None:
            continue
        assigned = assignment_of(tree, call)
        if assigned is not None:
            key = (id(enclosing_function(assigned.path)), assigned.name, target)
            groups.setdefault(key, []).append(assigned)
        else:
            offers[span] = _offer(tree, [call], _at_once(tree, call, types), imports)
    for group in groups.values():
        first, *others = [one.call for one in group]
        offer = _offer(tree, [first, *others], _by_name(tree, group, types), imports)
        offers[tree.span(first)] = offer
        for call in others:
            native = None if offer.native is None else ReceivedForm(tree.span(call), ())
            offers[tree.span(call)] = replace(offer, native=native, for_decoding_handlers=None)
    return _with_returns(tree, offers)


def annotations_of(tree: Tree, function: cst.FunctionDef, imports: ImportedNames) -> tuple[Span, ...] | Refusal:
    """The parts of what a function is annotated to return that name the class of requests' response."""
    if function.returns is None:
        return ()
    found = _classes_in(function.returns.annotation, imports)
    if found is None:
        line = tree.span(function.name).line
        return Refusal(f"the annotation of the function in line {line} is more than the class of the response")
    return tuple(tree.span(node) for node in found)


def _classes_in(written: cst.BaseExpression, imports: ImportedNames) -> list[cst.BaseExpression] | None:
    """The names of the response's class in an annotation that allows for that and None, and nothing else."""
    if imports.resolve(unquoted(written)) in _RESPONSE_CLASSES:
        return [written]
    match written:
        case cst.Name(value="None"):
            return []
        case cst.BinaryOperation(operator=cst.BitOr()):
            return _classes_in_all([written.left, written.right], imports)
        case cst.Subscript() if imports.resolve(written.value) in _UNIONS:
            inner = [one.slice.value for one in written.slice if isinstance(one.slice, cst.Index)]
            return _classes_in_all(inner, imports) if len(inner) == len(written.slice) else None
    return None


def _classes_in_all(parts: Sequence[cst.BaseExpression], imports: ImportedNames) -> list[cst.BaseExpression] | None:
    found: list[cst.BaseExpression] = []
    for part in parts:
        classes = _classes_in(part, imports)
        if classes is None:
            return None
        found.extend(classes)
    return found


def other_returns(tree: Tree, function: cst.FunctionDef, known: Collection[Span]) -> int | None:
    """The line in which a function returns something else than None and the responses that are known."""
    for node in tree.all(cst.Return, function):
        if node.value is None or is_name(node.value, "None") or tree.span(node.value) in known:
            continue
        if enclosing_function(tree.path(node)) is function:
            return tree.span(node).line
    return None


@dataclass(frozen=True, slots=True)
class _Received:
    uses: tuple[PlacedUse, ...]
    returns: tuple[Path, ...] = ()


def _at_once(tree: Tree, call: cst.Call, types: Mapping[Span, str]) -> _Received | Refusal:
    path = tree.path(call)
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it is called outside of any function")
    if isinstance(path[-2], cst.Expr):
        return _Received(())
    if is_returned(path):
        return _Received((), (path,))
    placed = place_uses(tree, [path], function, [], is_kept=True)
    if isinstance(placed, Refusal):
        return placed
    asked = _asked_for_truth(placed, types)
    if isinstance(asked, Refusal):
        return asked
    repeated = next((one for one in asked if one.use in _REPEATED), None)
    if repeated is not None:
        return Refusal(f"the response has no name, and what takes its place in line {repeated.node.line} needs one")
    return _Received(asked)


def _by_name(tree: Tree, group: Sequence[Assigned], types: Mapping[Span, str]) -> _Received | Refusal:
    function = enclosing_function(group[0].path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it is called outside of any function")
    found = uses_of(tree, function, [(one, "") for one in group], types)
    if isinstance(found, Refusal):
        return found
    returned = tuple(path for path in found.loads if is_returned(path) and enclosing_function(path) is function)
    used = [path for path in found.loads if path not in returned]
    placed = place_uses(tree, used, function, [], is_kept=True)
    if isinstance(placed, Refusal):
        return placed
    asked = _asked_for_truth(placed, types)
    return asked if isinstance(asked, Refusal) else _Received(asked, returned)


def _asked_for_truth(placed: Sequence[PlacedUse], types: Mapping[Span, str]) -> tuple[PlacedUse, ...] | Refusal:
    """The uses, of which those that ask for the truth of what may be None ask for that first."""
    asked = []
    for one in placed:
        kinds = set(alternatives(types.get(one.response, "Unknown")))
        if one.use is not ResponseUse.TRUTH or kinds == {RESPONSE_TYPE}:
            asked.append(one)
        elif kinds <= {RESPONSE_TYPE, "None"}:
            asked.append(replace(one, use=ResponseUse.TRUTH_OR_NONE))
        else:
            return Refusal(f"it is not known whether it is a response whose truth is asked for in line {one.node.line}")
    return tuple(asked)


def _offer(tree: Tree, calls: Sequence[cst.Call], received: _Received | Refusal, imports: ImportedNames) -> Offer:
    if isinstance(received, Refusal):
        return Offer(RULE.id, None, received.reason)
    annotations: tuple[Span, ...] | Refusal = ()
    if received.returns:
        function = enclosing_function(received.returns[0])
        assert isinstance(function, cst.FunctionDef)
        annotations = annotations_of(tree, function, imports)
    if isinstance(annotations, Refusal):
        return Offer(RULE.id, None, annotations.reason)
    uses = received.uses
    lets_go, reads_bytes = may_let_go(tree, uses), any(one.use is ResponseUse.CONTENT for one in uses)
    if lets_go and reads_bytes:
        return Offer(RULE.id, None, f"its content is asked for in line {uses[0].node.line} where it may be gone")
    form = ReceivedForm(
        call=tree.span(calls[0]),
        uses=uses,
        returns=tuple(tree.span(path[-1]) for path in received.returns),
        annotations=annotations,
    )
    decodes = any(one.use in DECODES for one in uses)
    offer = Offer(
        rule=RULE.id,
        native=form,
        reason="what is done with the response has an equal in aiohttp",
        notes=notes_of(uses, NOTES),
        raises=True,
        decodes=decodes,
        is_returned=bool(received.returns),
        lets_go=lets_go,
        reads_bytes=reads_bytes,
    )
    if not decodes:
        return offer
    others = [one for one in uses if one.use is not ResponseUse.JSON]
    exact = (*notes_of(others, NOTES), NOTES[ResponseUse.TEXT])
    instead = replace(offer, native=replace(form, decodes_text=True), notes=tuple(dict.fromkeys(exact)))
    return replace(offer, for_decoding_handlers=instead)


def _with_returns(tree: Tree, offers: Mapping[Span, Offer]) -> dict[Span, Offer]:
    """The offers, less those of functions that return something else as well."""
    returned: dict[int, tuple[cst.FunctionDef, set[Span]]] = {}
    of: dict[Span, int] = {}
    for span, offer in offers.items():
        form, call = offer.native, tree.at(span, cst.Call)
        if not isinstance(form, ReceivedForm) or not offer.is_returned or call is None:
            continue
        function = enclosing_function(tree.path(call))
        assert isinstance(function, cst.FunctionDef)
        returned.setdefault(id(function), (function, set()))[1].update(form.returns)
        of[span] = id(function)
    lines = {key: other_returns(tree, function, known) for key, (function, known) in returned.items()}
    return {
        span: Offer(offer.rule, None, f"line {line} returns something that may be no response of aiohttp")
        if span in of and (line := lines[of[span]]) is not None
        else offer
        for span, offer in offers.items()
    }
