"""Offers native forms for the requests of one file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Parity, Span
from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_calls import mocks
from codemods.rules.requests_calls.assigned import Assigned, assignment_of
from codemods.rules.requests_calls.file_sessions import sessions_of_file
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.kept_sessions import KeptSession, offers_to_close
from codemods.rules.requests_calls.leaving import settle_leaving
from codemods.rules.requests_calls.mappings import Pairs
from codemods.rules.requests_calls.offering import (
    Choices,
    Request,
    group_names,
    sharing_a_statement,
    why_no_session_takes,
)
from codemods.rules.requests_calls.prepared import Prepared
from codemods.rules.requests_calls.sessions import GivenSession, LocalSession
from codemods.rules.requests_httpx.arguments import SHARED, CheckedArguments, check_arguments
from codemods.rules.requests_httpx.bodies import encodes, notes_of_body
from codemods.rules.requests_httpx.forms import (
    RequestForm,
    Shape,
    assigned_forms,
    of_a_with,
    raising_form,
    used_at_once,
)
from codemods.rules.requests_httpx.held_sessions import why_not_handed_on
from codemods.rules.requests_httpx.response import DECODES, NOTES, OF_DECODED_TEXT, notes_of
from codemods.rules.requests_httpx.sessions import (
    check_held,
    check_request,
    form_of_session,
    given_by_session,
    has_raising_hook,
    notes_of_session,
    taker,
)
from codemods.rules.requests_httpx.strict import STRICT_NOTES, check_strictly, strict_form
from codemods.rules.rule import Kept, Offer, Refusal
from codemods.tree import Tree

_CROWDED = Refusal("there is another request in the same statement")


@dataclass(slots=True)
class _Draft:
    """What is known of one request while the offers of its file are made."""

    request: Request
    arguments: CheckedArguments | Refusal
    form: RequestForm | Refusal | None = None
    uses: Sequence[PlacedUse] = ()
    """Those of its whole group of responses."""
    groups: set[str] = field(default_factory=set)
    """The names of what it shares with other requests of its function: a session, a variable."""
    notes: tuple[str, ...] = ()
    kept: Kept | None = None
    """The session of its object that it is made with."""
    holder: str | None = None
    """The variable that holds its session where other functions hold it too."""

    @property
    def refusal(self) -> Refusal | None:
        """Why the request has no native form."""
        return next((one for one in (self.arguments, self.form) if isinstance(one, Refusal)), None)


def offer_all(
    tree: Tree,
    requests: Sequence[Request],
    imports: ImportedNames,
    types: Mapping[Span, str],
    replaced: Mapping[str, str],
    closing: Container[Span],
    choices: Choices,
) -> dict[Span, Offer]:
    """An offer for each request of a file, and for what closes a session of an object, by the span of its call.

    `replaced` says by verb where a test replaces the request, `closing` which calls that close can be looked at.
    """
    drafts = {
        tree.span(one.call): _Draft(one, _arguments_of(tree, one, types, replaced, choices.parity)) for one in requests
    }
    crowded = sharing_a_statement(tree, (one.call for one in requests))
    for span in crowded:
        if not drafts[span].request.is_of_session:
            drafts[span].arguments = _CROWDED
    sessions, refused = sessions_of_file(tree, requests, closing, imports, types, taker(choices.parity))
    for span, refusal in refused.items():
        drafts[span].arguments = refusal
    _draw_forms(tree, drafts, types)
    if choices.parity is Parity.STRICT:
        for draft in drafts.values():
            if isinstance(draft.form, RequestForm):
                draft.form = check_strictly(tree, draft.uses) or strict_form(draft.form)
    settle_leaving(tree, drafts, imports, choices.parity)
    for draft in drafts.values():
        if isinstance(draft.form, RequestForm) and isinstance(draft.arguments, CheckedArguments):
            draft.form = raising_form(draft.form) if draft.arguments.raises else draft.form
    for session in sessions:
        of_session = [drafts[tree.span(call)] for call in session.requests]
        if isinstance(session, GivenSession) or (isinstance(session, LocalSession) and session.handings):
            _hold_session(session, choices.parity, of_session)
        else:
            _share_session(tree, session, choices.parity, of_session, types)
    for span in crowded:
        form = drafts[span].form
        if isinstance(form, RequestForm) and form.shape is not Shape.IN_PLACE:
            drafts[span].form = _CROWDED
    names = group_names(tree, {span: (draft.request.call, draft.groups) for span, draft in drafts.items()})
    offers = {span: _offer(draft, names[span]) for span, draft in drafts.items()}
    closed = "httpx's client is closed by a coroutine function"
    return {**offers, **offers_to_close(tree, sessions, offers, RULE.id, closed, "aclose")}


def _arguments_of(
    tree: Tree, request: Request, types: Mapping[Span, str], replaced: Mapping[str, str], parity: Parity
) -> CheckedArguments | Refusal:
    refusal = why_no_session_takes(request)
    if refusal is not None:
        return refusal
    checked = check_arguments(tree, request.call, request.verb, types, parity)
    if isinstance(checked, Refusal):
        return checked
    if request.is_of_session and isinstance(dict(checked.adjustments).get("headers"), Pairs):
        return Refusal("headers= holds None, which keeps a header of the session from being sent")
    return replace(checked, notes=(*checked.notes, *mocks.note("httpx", request.verb, replaced)))


def _share_session(
    tree: Tree, session: LocalSession | KeptSession, parity: Parity, drafts: Sequence[_Draft], types: Mapping[Span, str]
) -> None:
    """Has requests made with the session of their function, or their object: all of them, or none."""
    forms = [draft.form for draft in drafts if isinstance(draft.form, RequestForm)]
    made = form_of_session(tree, session, forms, parity)
    for index, draft in enumerate(drafts):
        draft.groups.add(f"the session of line {tree.span(session.made).line}")
        draft.kept = session.kept if isinstance(session, KeptSession) else None
        if isinstance(made, Refusal):
            draft.arguments = made
        elif isinstance(draft.form, RequestForm) and not isinstance(draft.arguments, Refusal):
            draft.arguments = check_request(tree, session, draft.request, draft.arguments, types)
            draft.notes = notes_of_session(session)
            form = raising_form(draft.form) if has_raising_hook(session) else draft.form
            draft.form = (
                form
                if isinstance(form, Refusal)
                else replace(
                    form,
                    client=session.name,
                    is_shared=True,
                    is_in_session=True,
                    of_session=given_by_session(session),
                    opens=made if index == 0 else None,
                )
            )


def _hold_session(session: LocalSession | GivenSession, parity: Parity, drafts: Sequence[_Draft]) -> None:
    """Has requests made with a session that other functions hold as well, if these can."""
    refusal = why_not_handed_on(session) if isinstance(session, LocalSession) else None
    if parity is Parity.STRICT:
        refusal = Refusal("strict parity: its session goes from function to function, so that it cannot be told all")
    for draft in drafts:
        draft.groups.add(f"the session {session.name}")
        if refusal is not None:
            draft.arguments = refusal
        elif isinstance(draft.form, RequestForm) and not isinstance(draft.arguments, Refusal):
            draft.arguments = check_held(draft.request, draft.arguments)
            draft.form = replace(draft.form, client=session.name, is_shared=True, is_in_session=True)
            draft.holder = session.name


def _draw_forms(tree: Tree, drafts: Mapping[Span, _Draft], types: Mapping[Span, str]) -> None:
    """Finds the forms of all requests, those that are assigned to the same name together."""
    groups: dict[tuple[int, str], list[tuple[Assigned, str]]] = {}
    for draft in drafts.values():
        assigned = assignment_of(tree, draft.request.call)
        if assigned is not None:
            function = enclosing_function(assigned.path)
            groups.setdefault((id(function), assigned.name), []).append((assigned, draft.request.verb))
        elif not isinstance(draft.arguments, Refusal):
            draft.form = of_a_with(tree, draft.request.call) or used_at_once(
                tree, draft.request.call, has_client=draft.request.is_of_session
            )
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
    refusal, arguments, form = draft.refusal, draft.arguments, draft.form
    if refusal is not None or isinstance(arguments, Refusal) or not isinstance(form, RequestForm):
        reason = refusal.reason if refusal is not None else "it has no form in httpx that is known to be the same"
        return Offer(rule=RULE.id, native=None, reason=reason, group=group, kept=draft.kept)
    decodes_text = form.decodes_text or encodes(draft.uses)
    native = replace(form, verb=draft.request.verb, arguments=arguments, decodes_text=decodes_text)
    table = STRICT_NOTES if form.is_strict else {**NOTES, **OF_DECODED_TEXT} if encodes(draft.uses) else NOTES
    told = notes_of(draft.uses, table)
    # what only a client takes, it takes for all of its requests
    can_share = not (form.is_in_session or form.is_strict or arguments.of_the_client or form.shape is Shape.WITH)
    decodes = any(one.use in DECODES for one in draft.uses)
    offer = Offer(
        rule=RULE.id,
        native=native,
        reason=f"httpx's client.{draft.request.verb}() does the same without blocking the event loop",
        notes=tuple(
            dict.fromkeys(
                (*draft.notes, *notes_of_body(draft.uses, is_streamed=form.is_streamed), *arguments.notes, *told)
            )
        ),
        group=group,
        raises=True,
        raises_both=any(isinstance(one, Prepared) for _, one in arguments.adjustments),
        decodes=decodes,
        kept=draft.kept,
        holder=draft.holder,
        is_returned=bool(form.returns),
        handings=form.handings,
        shared_notes=(SHARED,) if can_share else None,
    )
    if not decodes or form.is_strict:
        return offer
    others = notes_of([one for one in draft.uses if one.use not in DECODES], NOTES)
    exact = (
        *draft.notes,
        *notes_of_body(draft.uses, is_streamed=form.is_streamed),
        *arguments.notes,
        *others,
        NOTES[ResponseUse.TEXT],
    )
    from_text = replace(offer, native=replace(native, decodes_text=True), notes=tuple(dict.fromkeys(exact)))
    return replace(offer, for_decoding_handlers=from_text)
