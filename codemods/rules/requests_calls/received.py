"""Responses that go from function to function: what is done with one where it comes to, for any library.

One comes to a function by a call of a function that returns it, or by a parameter. A library says with a `Reader` which
uses it has an equal of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Span
from codemods.rules.names import NameRole, role_of
from codemods.rules.requests_calls.assigned import RESPONSE_TYPE, Assigned, Uses, assignment_of, uses_of
from codemods.rules.requests_calls.expressions import is_name, unquoted
from codemods.rules.requests_calls.failing import goes_on_with
from codemods.rules.requests_calls.handling import (
    NativeResponse,
    PlacedUse,
    ResponseUse,
    is_handed,
    is_returned,
)
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Handing, Offer, Refusal
from codemods.tree import Tree

Path = tuple[cst.CSTNode, ...]

_RESPONSE_CLASSES = frozenset({"requests.Response", RESPONSE_TYPE})
_UNIONS = frozenset({"typing.Optional", "typing.Union"})
_RESPONSE_OR_NONE = frozenset({RESPONSE_TYPE, "None", "Unknown"})
"""What the checker says of what a function gives that returns responses or None, with annotations or without."""
_RELEASES = frozenset({ResponseUse.RAISE, ResponseUse.RAISE_MORE})


@dataclass(frozen=True, slots=True)
class ReceivedForm(NativeResponse):
    """What is done with a response that comes from another function, once that is another library's."""

    decodes_text: bool = False
    """Whether JSON is decoded from the text."""
    returns: tuple[Span, ...] = ()
    """Where it is returned again."""
    annotations: tuple[Span, ...] = ()
    """The parts of the signature that name the class of the response then."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a library can do with a response that it does not see made."""

    client: str
    rule: str
    place: Callable[[Tree, Sequence[Path], cst.FunctionDef], tuple[PlacedUse, ...] | Refusal]
    """Finds what is done with a response at the ends of paths, all within a function."""
    repeated: frozenset[ResponseUse]
    """The uses that are written with the response more than once: it has to have a name."""
    awaits: frozenset[ResponseUse]
    """The uses that are awaited."""
    decodes: frozenset[ResponseUse]
    """The uses that may raise what is no JSON."""
    notes: Mapping[ResponseUse, str]
    """How a use differs, in words."""
    may_let_go: Callable[[Tree, Iterable[PlacedUse]], bool] = lambda tree, uses: False
    """Whether the bytes of a body may be gone for what comes after some uses."""
    keeps_bytes: bool = False
    """Whether its body is there as bytes whatever was done before."""


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a variable that holds a response hands it on, and where it is used otherwise."""

    returned: tuple[Path, ...]
    handed: tuple[Path, ...]
    used: tuple[Path, ...]


def onward(loads: Iterable[Path], function: cst.FunctionDef) -> Onward:
    """Tells apart the places that read a variable of a function."""
    returned, handed, used = [], [], []
    for path in loads:
        if enclosing_function(path) is not function:
            used.append(path)
        elif is_returned(path):
            returned.append(path)
        elif is_handed(path):
            handed.append(path)
        else:
            used.append(path)
    return Onward(tuple(returned), tuple(handed), tuple(used))


def handing_of(tree: Tree, path: Path, *, is_made_here: bool = False, may_be_none: bool = False) -> Handing:
    """The call that takes what stands at the end of a path as an argument; it may be a response of a request there."""
    is_guarded = goes_on_with(tree, path, is_made_here=is_made_here)
    return Handing(tree.span(path[-3]), tree.span(path[-1]), is_guarded, may_be_none)


def handings_of(tree: Tree, ways: Onward, uses: Uses) -> tuple[Handing, ...]:
    """The calls that take the response of a request, which a variable holds."""
    return tuple(
        handing_of(tree, path, is_made_here=True, may_be_none=tree.span(path[-1]) in uses.may_be_none)
        for path in ways.handed
    )


def received_all(
    reader: Reader, tree: Tree, calls: Mapping[Span, str], imports: ImportedNames, types: Mapping[Span, str]
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
            offers[span] = _offer(reader, tree, span, _at_once(reader, tree, call, types), imports)
    for group in groups.values():
        first, *others = [tree.span(one.call) for one in group]
        offer = _offer(reader, tree, first, _by_name(reader, tree, group, types), imports)
        offers[first] = offer
        for call_span in others:
            native = None if offer.native is None else ReceivedForm(call_span, ())
            offers[call_span] = replace(offer, native=native, for_decoding_handlers=None)
    return _with_returns(tree, offers)


def given(reader: Reader, tree: Tree, function: cst.FunctionDef, name: str, imports: ImportedNames) -> Offer:
    """What a function does with the response that one of its parameters holds."""
    parameter = next((one for one in _parameters(function) if one.name.value == name), None)
    if parameter is None:
        return Offer(reader.rule, None, f"{name} takes more than one argument")
    loads: list[Path] = []
    for node in tree.all(cst.Name, function):
        if node.value != name or node is parameter.name:
            continue
        path = tree.path(node)
        role = role_of(path)
        if role is NameRole.LOAD:
            loads.append(path)
        elif role is not NameRole.OTHER:
            return Offer(reader.rule, None, f"{name} is bound again in line {tree.span(node).line}")
    ways = onward(loads, function)
    placed = reader.place(tree, ways.used, function)
    handings = tuple(handing_of(tree, path) for path in ways.handed)
    received = placed if isinstance(placed, Refusal) else _Received(placed, ways.returned, handings)
    offer = _offer(reader, tree, tree.span(parameter.name), received, imports)
    if not isinstance(offer.native, ReceivedForm):
        return offer
    line = other_returns(tree, function, offer.native.returns) if offer.is_returned else None
    if line is not None:
        return _returning_more(offer, line)
    written = parameter.annotation.annotation if parameter.annotation is not None else None
    named = [] if written is None else _classes_in(written, imports)
    if named is None:
        return Offer(reader.rule, None, f"the annotation of {name} is more than the class of the response")
    own = tuple(tree.span(node) for node in named)

    def annotated(one: Offer) -> Offer:
        assert isinstance(one.native, ReceivedForm)
        return replace(one, native=replace(one.native, annotations=(*own, *one.native.annotations)))

    instead = offer.for_decoding_handlers
    return replace(annotated(offer), for_decoding_handlers=None if instead is None else annotated(instead))


def _parameters(function: cst.FunctionDef) -> tuple[cst.Param, ...]:
    """The parameters of a function that take one argument."""
    parameters = function.params
    return (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)


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
    returned: tuple[Path, ...] = ()
    handings: tuple[Handing, ...] = ()


def _received(uses: tuple[PlacedUse, ...], ways: Onward, tree: Tree, types: Mapping[Span, str]) -> _Received | Refusal:
    """What is done with what a function gives that returns responses, or None."""
    handings = []
    for path in ways.handed:
        kinds = _kinds(types, tree.span(path[-1]))
        if not kinds <= _RESPONSE_OR_NONE:
            return Refusal(f"it may be something else than a response in line {tree.span(path[-1]).line}")
        handings.append(handing_of(tree, path, may_be_none=kinds != {RESPONSE_TYPE}))
    return _Received(uses, ways.returned, tuple(handings))


def _kinds(types: Mapping[Span, str], span: Span) -> set[str]:
    return set(alternatives(types.get(span, "Unknown")))


def _at_once(reader: Reader, tree: Tree, call: cst.Call, types: Mapping[Span, str]) -> _Received | Refusal:
    path = tree.path(call)
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it is called outside of any function")
    if isinstance(path[-2], cst.Expr):
        return _Received(())
    if is_returned(path):
        return _Received((), (path,))
    if is_handed(path):
        return _received((), Onward((), (path,), ()), tree, types)
    placed = reader.place(tree, [path], function)
    if isinstance(placed, Refusal):
        return placed
    asked = _asked_for_truth(placed, types)
    if isinstance(asked, Refusal):
        return asked
    repeated = next((one for one in asked if one.use in reader.repeated), None)
    if repeated is not None:
        return Refusal(f"the response has no name, and what takes its place in line {repeated.node.line} needs one")
    return _Received(asked)


def _by_name(reader: Reader, tree: Tree, group: Sequence[Assigned], types: Mapping[Span, str]) -> _Received | Refusal:
    function = enclosing_function(group[0].path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it is called outside of any function")
    found = uses_of(tree, function, [(one, "") for one in group], types)
    if isinstance(found, Refusal):
        return found
    ways = onward(found.loads, function)
    placed = reader.place(tree, ways.used, function)
    if isinstance(placed, Refusal):
        return placed
    asked = _asked_for_truth(placed, types)
    if isinstance(asked, Refusal):
        return asked
    return _received(asked, ways, tree, types)


def _asked_for_truth(placed: Sequence[PlacedUse], types: Mapping[Span, str]) -> tuple[PlacedUse, ...] | Refusal:
    """The uses, of which those that ask for the truth of what may be None ask for that first."""
    asked = []
    for one in placed:
        kinds = _kinds(types, one.response)
        if one.use is not ResponseUse.TRUTH or kinds == {RESPONSE_TYPE}:
            asked.append(one)
        elif kinds <= _RESPONSE_OR_NONE:
            asked.append(replace(one, use=ResponseUse.TRUTH_OR_NONE))
        else:
            return Refusal(f"it is not known whether it is a response whose truth is asked for in line {one.node.line}")
    return tuple(asked)


def _offer(reader: Reader, tree: Tree, span: Span, received: _Received | Refusal, imports: ImportedNames) -> Offer:
    if isinstance(received, Refusal):
        return Offer(reader.rule, None, received.reason)
    annotations: tuple[Span, ...] | Refusal = ()
    if received.returned:
        function = enclosing_function(received.returned[0])
        assert isinstance(function, cst.FunctionDef)
        annotations = annotations_of(tree, function, imports)
    if isinstance(annotations, Refusal):
        return Offer(reader.rule, None, annotations.reason)
    uses = received.uses
    lets_go = reader.may_let_go(tree, uses)
    reads_bytes = not reader.keeps_bytes and any(one.use is ResponseUse.CONTENT for one in uses)
    if lets_go and reads_bytes:
        return Offer(reader.rule, None, f"its content is asked for in line {uses[0].node.line} where it may be gone")
    form = ReceivedForm(
        call=span,
        uses=uses,
        returns=tuple(tree.span(path[-1]) for path in received.returned),
        annotations=annotations,
    )
    decodes = any(one.use in reader.decodes for one in uses)
    offer = Offer(
        rule=reader.rule,
        native=form,
        reason=f"what is done with the response has an equal in {reader.client}",
        notes=_notes_of(uses, reader),
        raises=True,
        decodes=decodes,
        is_returned=bool(received.returned),
        handings=received.handings,
        asks_truth=any(one.use is ResponseUse.TRUTH for one in uses),
        awaits=any(one.use in reader.awaits for one in uses),
        lets_go=lets_go,
        reads_bytes=reads_bytes,
        may_raise=not reader.keeps_bytes and any(one.use in _RELEASES for one in uses),
    )
    if not decodes:
        return offer
    others = [one for one in uses if one.use not in reader.decodes]
    exact = dict.fromkeys((*_notes_of(others, reader), reader.notes[ResponseUse.TEXT]))
    instead = replace(offer, native=replace(form, decodes_text=True), notes=tuple(exact))
    return replace(offer, for_decoding_handlers=instead)


def _notes_of(uses: Iterable[PlacedUse], reader: Reader) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reader.notes[one.use] for one in uses if one.use in reader.notes))


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
        span: _returning_more(offer, line) if span in of and (line := lines[of[span]]) is not None else offer
        for span, offer in offers.items()
    }


def _returning_more(offer: Offer, line: int) -> Offer:
    return Offer(offer.rule, None, f"line {line} returns something that may be another response")
