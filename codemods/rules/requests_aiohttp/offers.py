"""Offers native forms for the requests of one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.requests_aiohttp import RULE, mocks
from codemods.rules.requests_aiohttp.arguments import CheckedArguments, check_arguments
from codemods.rules.requests_aiohttp.placed import PlacedUse, notes_of
from codemods.rules.requests_aiohttp.response import DECODES, NOTES, ResponseUse
from codemods.rules.requests_aiohttp.shapes import Assigned, RequestForm, Shape, assigned_forms, assignment_of
from codemods.rules.requests_aiohttp.statements import lifted_form, with_form
from codemods.rules.rule import Offer, Refusal
from codemods.tree import Tree


@dataclass(frozen=True, slots=True)
class Request:
    """A call of one of the rule's functions."""

    call: cst.Call
    verb: str


_READ_LATE = (
    "a body that breaks off is an error where it is read, and none where nothing reads it; requests reads it at once"
)
"""Source: the verified table, section 2.9, on `stream=False`."""


def offer_all(
    tree: Tree, requests: Sequence[Request], types: Mapping[Span, str], replaced: Mapping[str, str]
) -> dict[Span, Offer]:
    """An offer for each request of a file, by the span of its call.

    `replaced` says by verb where a test replaces the request.
    """
    offers: dict[Span, Offer] = {}
    groups: dict[tuple[int, str], list[tuple[Assigned, str]]] = {}
    arguments: dict[Span, CheckedArguments] = {}
    shared = _sharing_a_statement(tree, [one.call for one in requests])
    for request in requests:
        span = tree.span(request.call)
        checked = check_arguments(tree, request.call, request.verb, types)
        assigned = assignment_of(tree, request.call)
        if id(request.call) in shared:
            checked = Refusal("there is another request in the same statement")
        if assigned is not None:
            function = enclosing_function(assigned.path)
            groups.setdefault((id(function), assigned.name), []).append((assigned, request.verb))
        if isinstance(checked, Refusal):
            offers[span] = _refused(checked)
            continue
        checked = replace(checked, notes=(*checked.notes, *mocks.note(request.verb, replaced)))
        arguments[span] = checked
        if assigned is None:
            form = with_form(tree, request.call, request.verb) or lifted_form(tree, request.call, request.verb)
            if isinstance(form, Refusal):
                offers[span] = _refused(form)
            else:
                offers[span] = _offer(form, checked, form.uses, None)
    contents: dict[int, set[str]] = {}
    for (function_id, _), group in groups.items():
        forms = assigned_forms(tree, group, types, contents.setdefault(function_id, set()))
        _offer_group(tree, group, forms, arguments, offers)
    return offers


def _sharing_a_statement(tree: Tree, calls: Sequence[cst.Call]) -> set[int]:
    """The requests whose innermost statement holds more than one."""
    by_statement: dict[int, list[int]] = {}
    for call in calls:
        statement = next(node for node in reversed(tree.path(call)) if isinstance(node, cst.BaseStatement | cst.Module))
        by_statement.setdefault(id(statement), []).append(id(call))
    return {call for same in by_statement.values() if len(same) > 1 for call in same}


def _offer_group(
    tree: Tree,
    group: Sequence[tuple[Assigned, str]],
    forms: Sequence[RequestForm | Refusal],
    arguments: Mapping[Span, CheckedArguments],
    offers: dict[Span, Offer],
) -> None:
    """Offers for the requests that are assigned to one name."""
    kept = [form for form in forms if isinstance(form, RequestForm) and form.shape is Shape.KEEP]
    for (one, _), form in zip(group, forms, strict=True):
        span = tree.span(one.call)
        key = one.name if kept else None
        if span in offers:  # its arguments were refused
            offers[span] = replace(offers[span], group=key)
        elif isinstance(form, Refusal):
            offers[span] = _refused(form)
        else:
            offers[span] = _offer(form, arguments[span], (kept[0] if kept else form).uses, key)


def _refused(refusal: Refusal) -> Offer:
    return Offer(rule=RULE.id, native=None, reason=refusal.reason)


def _offer(form: RequestForm, arguments: CheckedArguments, uses: Sequence[PlacedUse], group: str | None) -> Offer:
    """The offer of a form; the uses are those of its whole group."""
    form = replace(form, adjustments=arguments.adjustments, skips_content_type=arguments.skips_content_type)
    is_read_at_once = form.shape is Shape.KEEP or form.reads_first or not form.uses
    notes = (*arguments.notes, *(() if is_read_at_once else (_READ_LATE,)))
    decodes = any(one.use in DECODES for one in uses)
    offer = Offer(
        rule=RULE.id,
        native=form,
        reason=f"aiohttp's session.{form.verb}() does the same without blocking the event loop",
        notes=tuple(dict.fromkeys((*notes, *notes_of(uses)))),
        group=group,
        raises=True,
        decodes=decodes,
    )
    if not decodes:
        return offer
    exact = replace(form, decodes_text=True)
    other_notes = (*notes, *notes_of(one for one in uses if one.use is not ResponseUse.JSON), NOTES[ResponseUse.TEXT])
    return replace(offer, for_decoding_handlers=replace(offer, native=exact, notes=tuple(dict.fromkeys(other_notes))))
