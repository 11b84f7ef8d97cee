"""Offers native forms for the requests of one file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Parity, Span
from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_calls import mocks
from codemods.rules.requests_calls.assigned import Assigned, assignment_of
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.offering import Choices, Request, group_names, sharing_a_statement
from codemods.rules.requests_calls.prepared import Prepared
from codemods.rules.requests_httpx.arguments import SHARED, CheckedArguments, check_arguments
from codemods.rules.requests_httpx.forms import RequestForm, Shape, assigned_forms, of_a_with, used_at_once
from codemods.rules.requests_httpx.response import DECODES, NOTES, notes_of
from codemods.rules.requests_httpx.strict import STRICT_NOTES, check_strictly, strict_form
from codemods.rules.rule import Offer, Refusal
from codemods.tree import Tree


@dataclass(slots=True)
class _Draft:
    """What is known of one request while the offers of its file are made."""

    request: Request
    arguments: CheckedArguments | Refusal
    form: RequestForm | Refusal | None = None
    uses: Sequence[PlacedUse] = ()
    """Those of its whole group of responses."""
    groups: set[str] = field(default_factory=set)
    """The names of the variables it shares with other requests of its function."""


def offer_all(
    tree: Tree,
    requests: Sequence[Request],
    imports: ImportedNames,
    types: Mapping[Span, str],
    replaced: Mapping[str, str],
    closing: Container[Span],
    choices: Choices,
) -> dict[Span, Offer]:
    """An offer for each request of a file, by the span of its call.

    `replaced` says by verb where a test replaces the request; nothing is offered for what closes a session.
    """
    drafts = {
        tree.span(one.call): _Draft(one, _arguments_of(tree, one, types, replaced, choices.parity)) for one in requests
    }
    for span in sharing_a_statement(tree, (one.call for one in requests)):
        drafts[span].arguments = Refusal("there is another request in the same statement")
    _draw_forms(tree, drafts, types)
    if choices.parity is Parity.STRICT:
        for draft in drafts.values():
            if isinstance(draft.form, RequestForm):
                draft.form = check_strictly(tree, draft.uses) or strict_form(draft.form)
    names = group_names(tree, {span: (draft.request.call, draft.groups) for span, draft in drafts.items()})
    return {span: _offer(draft, names[span]) for span, draft in drafts.items()}


def _arguments_of(
    tree: Tree, request: Request, types: Mapping[Span, str], replaced: Mapping[str, str], parity: Parity
) -> CheckedArguments | Refusal:
    if request.is_of_session:
        return Refusal("a session has no form in httpx that awaitify knows yet")
    checked = check_arguments(tree, request.call, request.verb, types, parity)
    if isinstance(checked, Refusal):
        return checked
    return replace(checked, notes=(*checked.notes, *mocks.note("httpx", request.verb, replaced)))


def _draw_forms(tree: Tree, drafts: Mapping[Span, _Draft], types: Mapping[Span, str]) -> None:
    """Finds the forms of all requests, those that are assigned to the same name together."""
    groups: dict[tuple[int, str], list[tuple[Assigned, str]]] = {}
    for draft in drafts.values():
        assigned = assignment_of(tree, draft.request.call)
        if assigned is not None:
            function = enclosing_function(assigned.path)
            groups.setdefault((id(function), assigned.name), []).append((assigned, draft.request.verb))
        elif not isinstance(draft.arguments, Refusal):
            draft.form = of_a_with(tree, draft.request.call) or used_at_once(tree, draft.request.call)
            draft.uses = draft.form.uses if isinstance(draft.form, RequestForm) else ()
    for (_, name), group in groups.items():
        forms, are_joined = assigned_forms(tree, group, types)
        for (one, _), form in zip(group, forms, strict=True):
            draft = drafts[tree.span(one.call)]
            draft.form = form
            draft.groups |= {name} if are_joined else set()
            first = forms[0] if are_joined else form
            draft.uses = first.uses if isinstance(first, RequestForm) else ()


def _offer(draft: _Draft, group: str | None) -> Offer:
    """The offer for a request."""
    arguments, form = draft.arguments, draft.form
    refusal = next((one for one in (arguments, form) if isinstance(one, Refusal)), None)
    if refusal is not None or isinstance(arguments, Refusal) or not isinstance(form, RequestForm):
        reason = refusal.reason if refusal is not None else "it has no form in httpx that is known to be the same"
        return Offer(rule=RULE.id, native=None, reason=reason, group=group)
    native = replace(form, verb=draft.request.verb, arguments=arguments)
    table = STRICT_NOTES if form.is_strict else NOTES
    # what only a client takes, it takes for all of its requests
    can_share = not (form.is_strict or arguments.of_the_client or form.shape is Shape.WITH)
    decodes = any(one.use in DECODES for one in draft.uses)
    offer = Offer(
        rule=RULE.id,
        native=native,
        reason=f"httpx's client.{draft.request.verb}() does the same without blocking the event loop",
        notes=tuple(dict.fromkeys((*arguments.notes, *notes_of(draft.uses, table)))),
        group=group,
        raises=True,
        raises_both=any(isinstance(one, Prepared) for _, one in arguments.adjustments),
        decodes=decodes,
        shared_notes=(SHARED,) if can_share else None,
    )
    if not decodes or form.is_strict:
        return offer
    others = notes_of([one for one in draft.uses if one.use not in DECODES], NOTES)
    exact = (*arguments.notes, *others, NOTES[ResponseUse.TEXT])
    from_text = replace(offer, native=replace(native, decodes_text=True), notes=tuple(dict.fromkeys(exact)))
    return replace(offer, for_decoding_handlers=from_text)
