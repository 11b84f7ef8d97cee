"""Offers native forms for the requests of one file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Parity, Span
from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_aiohttp.arguments import CheckedArguments, check_arguments
from codemods.rules.requests_aiohttp.held_sessions import why_not_handed_on
from codemods.rules.requests_aiohttp.placed import notes_of
from codemods.rules.requests_aiohttp.response import DECODES, NOTES
from codemods.rules.requests_aiohttp.session_together import check_request
from codemods.rules.requests_aiohttp.sessions import NOTE, STRICT_NOTE, TAKER, notes_of_session
from codemods.rules.requests_aiohttp.settings import settings_of
from codemods.rules.requests_aiohttp.shapes import (
    RequestForm,
    assigned_forms,
    returned_form,
)
from codemods.rules.requests_aiohttp.statements import lifted_form, with_form
from codemods.rules.requests_aiohttp.strict import STRICT_NOTES, check_strictly
from codemods.rules.requests_calls import mocks
from codemods.rules.requests_calls.assigned import Assigned, assignment_of
from codemods.rules.requests_calls.file_sessions import sessions_of_file
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.kept_sessions import NOTE as KEPT_NOTE
from codemods.rules.requests_calls.kept_sessions import (
    KeptForm,
    KeptSession,
    kept_form,
    offers_to_close,
)
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
from codemods.rules.requests_calls.sessions import (
    GivenSession,
    LocalSession,
    SessionForm,
    session_form,
)
from codemods.rules.requests_calls.streams import is_streamed
from codemods.rules.rule import Kept, Offer, Refusal
from codemods.tree import Tree

_READ_LATE = (
    "a body that breaks off is an error where it is read, and none where nothing reads it; requests reads it at once"
)
"""Source: the verified table, section 2.9, on `stream=False`."""


SHARED = (
    "it shares a session with other requests: cookies that one reply sets are sent with the next request, unless its "
    "host is named by an IP address, connections stay open in between, a POST or PATCH fails on one that the server "
    "has closed meanwhile, and at most 100 replies are open at once"
)
"""Source: the verified table, sections 1 and 2.9."""


@dataclass(slots=True)
class _Draft:
    """What is known of one request while the offers of its file are made."""

    request: Request
    arguments: CheckedArguments | Refusal
    form: RequestForm | Refusal | None = None
    uses: Sequence[PlacedUse] = ()
    """Those of its whole group of responses that are kept."""
    groups: set[str] = field(default_factory=set)
    """The names of what it shares with other requests of its function: a session, a variable that is kept."""
    holder: str | None = None
    """The variable that holds its session where other functions hold it too."""
    notes: tuple[str, ...] = ()
    kept: Kept | None = None
    """The session of its object that it is made with."""

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
    for span in sharing_a_statement(tree, (one.call for one in requests)):
        drafts[span].arguments = Refusal("there is another request in the same statement")
    sessions, refused = sessions_of_file(tree, requests, closing, imports, types, TAKER)
    for span, refusal in refused.items():
        drafts[span].arguments = refusal
    _draw_forms(tree, drafts, types)
    if choices.parity is Parity.STRICT:
        _draw_strictly(tree, drafts)
    settle_leaving(tree, drafts, imports, choices.parity)
    for session in sessions:
        of_session = [drafts[tree.span(call)] for call in session.requests]
        if isinstance(session, GivenSession) or (isinstance(session, LocalSession) and session.handings):
            _hold_session(session, choices.parity, of_session)
            continue
        _share_session(tree, session, choices.parity, of_session, types)
    names = group_names(tree, {span: (draft.request.call, draft.groups) for span, draft in drafts.items()})
    offers = {span: _offer(draft, names[span], choices.parity) for span, draft in drafts.items()}
    closed = "aiohttp's session is closed by a coroutine function"
    return {**offers, **offers_to_close(tree, sessions, offers, RULE.id, closed, None)}


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
    return replace(checked, notes=(*checked.notes, *mocks.note("aiohttp", request.verb, replaced)))


def _draw_forms(tree: Tree, drafts: Mapping[Span, _Draft], types: Mapping[Span, str]) -> None:
    """Finds the forms of all requests, those that are assigned to the same name together."""
    groups: dict[tuple[int, str], list[tuple[Assigned, str]]] = {}
    for draft in drafts.values():
        call, verb = draft.request.call, draft.request.verb
        assigned = assignment_of(tree, call)
        if assigned is not None:
            function = enclosing_function(assigned.path)
            groups.setdefault((id(function), assigned.name), []).append((assigned, verb))
        elif draft.refusal is None:
            draft.form = with_form(tree, call, verb) or returned_form(tree, call, verb) or lifted_form(tree, call, verb)
            draft.uses = draft.form.uses if isinstance(draft.form, RequestForm) else ()
    contents: dict[int, set[str]] = {}
    for (function_id, name), group in groups.items():
        forms, are_joined = assigned_forms(tree, group, types, contents.setdefault(function_id, set()))
        for (one, _), form in zip(group, forms, strict=True):
            draft = drafts[tree.span(one.call)]
            draft.form = form
            draft.groups |= {name} if are_joined else set()
            first = forms[0] if are_joined else form
            draft.uses = first.uses if isinstance(first, RequestForm) else ()


def _draw_strictly(tree: Tree, drafts: Mapping[Span, _Draft]) -> None:
    """Has bodies read when requests reads them, and refuses what is done otherwise by aiohttp."""
    for draft in drafts.values():
        if not isinstance(draft.form, RequestForm):
            continue
        is_read_late = is_streamed(draft.request.call) or draft.form.is_kept
        draft.form = check_strictly(tree, draft.uses) or replace(
            draft.form, is_strict=True, decodes_text=True, reads_first=not is_read_late
        )


def _with_session(
    tree: Tree, draft: _Draft, session: LocalSession | KeptSession, types: Mapping[Span, str]
) -> CheckedArguments | Refusal:
    """The arguments of a request, unless they do not go with what is set on its session."""
    arguments, request = draft.arguments, draft.request
    if isinstance(arguments, Refusal):
        return arguments
    refusal = check_request(tree, session.uses, request.call, request.verb, dict(arguments.adjustments), types)
    return refusal or arguments


def _share_session(
    tree: Tree,
    session: LocalSession | KeptSession,
    parity: Parity,
    drafts: Sequence[_Draft],
    types: Mapping[Span, str],
) -> None:
    """Has requests made with the session of their function, or their object: all of them, or none."""
    forms = [draft.form for draft in drafts if isinstance(draft.form, RequestForm)]
    made: SessionForm | KeptForm | Refusal
    if isinstance(session, KeptSession):
        made = kept_form(tree, session)
    else:
        needed = [use.node for form in forms for use in form.uses]
        made = session_form(tree, session, [form.last for form in forms], needed)
    notes = notes_of_session(session.uses)
    unproven = [one for one in notes if one not in {NOTE, STRICT_NOTE}] if parity is Parity.STRICT else []
    if unproven:
        made = Refusal(f"strict parity of what is set on its session cannot be proven: {unproven[0]}")
    if parity is Parity.STRICT and any(one.argument == "params" for one in session.uses):
        made = Refusal("strict parity: its session has params, which requests writes into the URL in its own way")
    if not isinstance(made, Refusal):
        told = settings_of(parity, [use for draft in drafts for use in draft.uses])
        asked = [one.setting for one in session.uses if one.setting is not None]
        made = replace(made, settings=tuple(dict.fromkeys((*told, *asked))))
    for index, draft in enumerate(drafts):
        draft.groups.add(f"the session of line {tree.span(session.made).line}")
        draft.kept = session.kept if isinstance(session, KeptSession) else None
        if isinstance(made, Refusal):
            draft.arguments = made
        elif isinstance(draft.form, RequestForm):
            own = made if index == 0 else None
            draft.form = replace(
                draft.form,
                session=session.name,
                is_in_session=True,
                of_session=tuple((one.keyword, value) for one in session.uses if one.keyword and (value := one.given)),
                opens=own,
            )
            draft.arguments = _with_session(tree, draft, session, types)
            draft.notes = (STRICT_NOTE,) if parity is Parity.STRICT else notes
            draft.notes = (KEPT_NOTE, *draft.notes) if isinstance(session, KeptSession) else draft.notes


def _hold_session(session: LocalSession | GivenSession, parity: Parity, drafts: Sequence[_Draft]) -> None:
    """Has requests made with a session that other functions hold as well, if these can."""
    refusal = why_not_handed_on(session) if isinstance(session, LocalSession) else None
    if parity is Parity.STRICT:
        refusal = Refusal("strict parity: its session goes from function to function, so that it cannot be told all")
    for draft in drafts:
        draft.groups.add(f"the session {session.name}")
        if refusal is not None:
            draft.arguments = refusal
        elif isinstance(draft.form, RequestForm):
            draft.form = replace(draft.form, session=session.name, is_in_session=True)
            draft.holder = session.name


def _offer(draft: _Draft, group: str | None, parity: Parity) -> Offer:
    """The offer for a request."""
    refusal, arguments, form = draft.refusal, draft.arguments, draft.form
    if refusal is not None or isinstance(arguments, Refusal) or not isinstance(form, RequestForm):
        reason = refusal.reason if refusal is not None else "it has no form in aiohttp that is known to be the same"
        return Offer(rule=RULE.id, native=None, reason=reason, group=group, kept=draft.kept)
    form = replace(
        form, adjustments=arguments.adjustments, added=arguments.added, settings=settings_of(parity, draft.uses)
    )
    is_read_at_once = form.is_kept or form.reads_first or not form.uses
    is_read_alike = is_read_at_once or is_streamed(draft.request.call)
    notes = (*draft.notes, *arguments.notes, *(() if is_read_alike else (_READ_LATE,)))
    table = STRICT_NOTES if form.is_strict else NOTES
    decodes = any(one.use in DECODES for one in draft.uses)
    offer = Offer(
        rule=RULE.id,
        native=form,
        reason=f"aiohttp's session.{form.verb}() does the same without blocking the event loop",
        notes=tuple(dict.fromkeys((*notes, *notes_of(draft.uses, table)))),
        group=group,
        raises=True,
        raises_both=any(isinstance(one, Prepared) for _, one in form.adjustments),
        decodes=decodes,
        kept=draft.kept,
        shared_notes=None if form.is_in_session or form.is_strict else (SHARED,),
        is_returned=bool(form.returns),
        handings=form.handings,
        lets_go=form.lets_go,
        reads_bytes=bool(form.handings)
        and form.content is None
        and any(one.use is ResponseUse.CONTENT for one in draft.uses),
        holder=draft.holder,
    )
    if not decodes or form.is_strict:
        return offer
    exact = replace(form, decodes_text=True)
    others = [one for one in draft.uses if one.use is not ResponseUse.JSON]
    exact_notes = (*notes, *notes_of(others, NOTES), NOTES[ResponseUse.TEXT])
    return replace(offer, for_decoding_handlers=replace(offer, native=exact, notes=tuple(dict.fromkeys(exact_notes))))
