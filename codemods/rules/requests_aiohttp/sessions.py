"""Sessions that a function makes and keeps to itself: they become aiohttp's, and are closed behind their last use.

Source: the verified table, section 1, on `requests.Session()` with and without `with`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import ImportedNames, Position, enclosing_function, place_of_path
from codemods.model import Span
from codemods.rules.names import NameRole, role_of
from codemods.rules.requests_aiohttp.shapes import RequestForm, SessionForm
from codemods.rules.requests_aiohttp.wire import WIRE
from codemods.rules.requests_calls import VERBS
from codemods.rules.requests_calls.adjustments import PASSED, Answer
from codemods.rules.requests_calls.mappings import check_mapping, check_pair
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_MAKERS = frozenset({"requests.Session", "requests.session", "requests.sessions.Session", "requests.sessions.session"})

STRICT_NOTE = "aiohttp's session lets at most 100 requests run at once"
NOTE = (
    "aiohttp's session keeps no cookies of a host that is named by its IP address, quotes those with special "
    "characters, and lets at most 100 requests run at once"
)
"""How every session differs (sections 1 and 2.4)."""


@dataclass(frozen=True, slots=True)
class LocalSession:
    """A session of a function, whose every use is known."""

    name: str
    made: cst.Call
    statement: cst.BaseStatement
    block: cst.IndentedBlock
    """The block that holds the statement."""
    loads: Sequence[tuple[cst.CSTNode, ...]]
    requests: Sequence[cst.Call]
    closes: Sequence[cst.Call]
    notes: tuple[str, ...]


def session_of(tree: Tree, call: cst.Call, imports: ImportedNames, types: Mapping[Span, str]) -> LocalSession | Refusal:
    """The session that a request is made with, or why it has no form in aiohttp."""
    function = enclosing_function(tree.path(call))
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
        return Refusal("its session is not a variable of the function that makes the request")
    name = call.func.value.value
    bound, loads = _occurrences(tree, function, name)
    if len(bound) != 1:
        what = "is not made by the function" if not bound else "is bound more than once in it"
        return Refusal(f"its session {name} {what}")
    made = _made_by(bound[0], imports)
    if made is None:
        return Refusal(f"its session {name} is not made by a plain requests.Session() in a statement of its own")
    position, blocker = place_of_path(tree.path(made.made), tree.no_await)
    if position is not Position.AWAITABLE:
        return Refusal(f"its session {name} is made {blocker}")
    return _with_uses(tree, function, made, loads, types)


def session_form(tree: Tree, session: LocalSession, forms: Iterable[RequestForm]) -> SessionForm | Refusal:
    """The form of a session whose requests have native forms; it reaches as far as their blocks do."""
    block = list(session.block.body)
    is_with = isinstance(session.statement, cst.With)
    known = list(forms)
    first = _index(block, session.statement)
    last = first
    if not is_with:
        lasts = {one.last for one in known}
        ends = [index for index, statement in enumerate(block) if tree.span(statement) in lasts]
        uses = [_index(block, path[path.index(session.block) + 1]) for path in session.loads]
        last = max([*ends, *uses])
    used = [tree.offsets(path[-1])[0] for path in session.loads]
    used += [tree.lines.offset(use.node.line, use.node.column) for form in known for use in form.uses]
    for close in session.closes:
        at = tree.offsets(close)[0]
        line = tree.span(close).line
        if any(offset > at for offset in used):
            return Refusal(f"its session {session.name} is closed in line {line}, before the last use of it")
        path = tree.path(close)
        if any(isinstance(node, cst.For | cst.While) for node in path[path.index(session.block) :]):
            return Refusal(f"its session {session.name} is closed in a loop in line {line}")
    return SessionForm(
        name=session.name,
        made=tree.span(session.made),
        statement=tree.span(session.statement),
        last=tree.span(block[last]),
        is_with=is_with,
        closes=tuple(tree.span(close) for close in session.closes),
    )


def _index(block: Sequence[cst.BaseStatement | cst.BaseSmallStatement], statement: cst.CSTNode) -> int:
    return next(index for index, one in enumerate(block) if one is statement)


def _occurrences(
    tree: Tree, function: cst.FunctionDef, name: str
) -> tuple[list[tuple[cst.CSTNode, ...]], list[tuple[cst.CSTNode, ...]]]:
    """The paths of the places in a function that bind a name, and of those that read it."""
    bound, loads = [], []
    for node in tree.all(cst.Name, function):
        if node.value != name:
            continue
        path = tree.path(node)
        role = role_of(path)
        if role in {NameRole.ASSIGNED, NameRole.BOUND}:
            bound.append(path)
        elif role is NameRole.LOAD:
            loads.append(path)
    return bound, loads


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    made: cst.Call
    statement: cst.BaseStatement
    block: cst.IndentedBlock


def _made_by(path: Sequence[cst.CSTNode], imports: ImportedNames) -> _Made | None:
    """The session that a statement of its own gives to the name at the end of a path."""
    match path[-5:]:
        case (
            cst.IndentedBlock() as block,
            cst.SimpleStatementLine(body=[only]) as statement,
            cst.Assign(targets=[_], value=cst.Call(args=[]) as made) as assign,
            cst.AssignTarget(),
            cst.Name(value=name),
        ) if only is assign:
            pass
        case (
            cst.IndentedBlock() as block,
            cst.With(items=[cst.WithItem(item=cst.Call(args=[]) as made)], asynchronous=None) as statement,
            cst.WithItem(),
            cst.AsName(),
            cst.Name(value=name),
        ):
            pass
        case _:
            return None
    if imports.resolve(made.func) not in _MAKERS:
        return None
    return _Made(name, made, statement, block)


def _with_uses(
    tree: Tree,
    function: cst.FunctionDef,
    made: _Made,
    loads: Sequence[tuple[cst.CSTNode, ...]],
    types: Mapping[Span, str],
) -> LocalSession | Refusal:
    around = made.statement.body if isinstance(made.statement, cst.With) else made.block
    start = tree.offsets(made.statement)[0]
    requests: list[cst.Call] = []
    closes: list[cst.Call] = []
    notes: list[str] = [NOTE]
    for path in loads:
        line = tree.span(path[-1]).line
        if enclosing_function(path) is not function:
            return Refusal(f"its session {made.name} is used by a nested function in line {line}")
        if around not in path or tree.offsets(path[-1])[0] < start:
            return Refusal(f"its session {made.name} is used outside of the block that makes it in line {line}")
        use = _use(tree, path, types)
        match use:
            case Refusal(reason):
                return Refusal(f"its session {made.name} {reason} in line {line}")
            case cst.Call(func=cst.Attribute(attr=cst.Name(value="close"))):
                closes.append(use)
            case cst.Call():
                requests.append(use)
            case _:
                notes += use
    return LocalSession(
        name=made.name,
        made=made.made,
        statement=made.statement,
        block=made.block,
        loads=loads,
        requests=requests,
        closes=closes,
        notes=tuple(dict.fromkeys(notes)),
    )


def _use(tree: Tree, path: Sequence[cst.CSTNode], types: Mapping[Span, str]) -> cst.Call | list[str] | Refusal:
    """A request or a close; the notes on a header that is set; or why there is no form for what is done."""
    attribute, outer = path[-2], path[-3]
    if not isinstance(attribute, cst.Attribute) or attribute.value is not path[-1]:
        return Refusal("is used as a value")
    name = attribute.attr.value
    is_called = isinstance(outer, cst.Call) and outer.func is attribute
    if is_called and name in {*VERBS, "request"}:
        assert isinstance(outer, cst.Call)
        return outer
    if is_called and name == "close" and isinstance(path[-4], cst.Expr):
        assert isinstance(outer, cst.Call)
        return outer
    if name == "headers":
        return _set_headers(tree, path[:-1], types)
    return Refusal(f"has its {name} used, for which there is no form in aiohttp yet that is known to be the same,")


def _set_headers(tree: Tree, path: Sequence[cst.CSTNode], types: Mapping[Span, str]) -> list[str] | Refusal:
    """The notes on `headers.update(...)` or `headers[...] = ...`; the path ends with `headers`."""
    match path[-4:]:
        case (
            cst.Expr(),
            cst.Call(args=[cst.Arg(keyword=None, star="", value=value)]),
            cst.Attribute(attr=cst.Name(value="update")),
            _,
        ):
            return _told(_unadjusted(check_mapping(WIRE, "headers", value, tree, types)))
        case (
            cst.Assign(targets=[_], value=value),
            cst.AssignTarget(),
            cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]),
            _,
        ):
            return _told(check_pair(WIRE, "headers", key, value, tree, types))
    return Refusal("has its headers used otherwise than to set them")


def _told(checked: list[str] | Refusal) -> list[str] | Refusal:
    return Refusal(f"sets headers that cannot be: {checked.reason},") if isinstance(checked, Refusal) else checked


def _unadjusted(answer: Answer) -> list[str] | Refusal:
    """The notes on a mapping that is given as it is."""
    if isinstance(answer, Refusal):
        return answer
    adjustment, notes = answer
    return notes if adjustment == PASSED else Refusal("headers= holds None")
