"""Sessions of a function: what it makes becomes another library's, and is closed behind its last use.

What it is given, or hands on, becomes that where all other functions that hold it can take it.
Source: the verified table, section 1, on `requests.Session()` with and without `with`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from codemods.facts.syntax import ImportedNames, Position, enclosing_function, place_of_path
from codemods.model import Span
from codemods.rules.names import NameRole, free_name, occurrences, role_of
from codemods.rules.requests_calls import VERBS
from codemods.rules.requests_calls.expressions import unquoted
from codemods.rules.requests_calls.session_uses import Path, SessionChange, SessionUse, Types, small_statement
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_CLASSES = frozenset({"requests.Session", "requests.sessions.Session"})
MAKERS = _CLASSES | {"requests.session", "requests.sessions.session"}


@dataclass(frozen=True, slots=True)
class SessionTaker:
    """What a library can do of what is done with a session of requests."""

    session: str
    """What it calls its own: `session of aiohttp`."""
    use_of: Callable[[Tree, Path, Types], SessionUse | Refusal]
    """What becomes of what is done with the session at the end of a path, besides its requests."""
    check_uses: Callable[[Sequence[tuple[SessionUse, Path]]], Refusal | None] = lambda uses: None
    """Why uses, with their paths, do not go together."""


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The native form of a session that a function makes."""

    name: str
    made: Span
    """The call that makes it."""
    statement: Span
    """The assignment or the `with` statement."""
    last: Span
    """The last statement of its block; the `with` statement itself."""
    is_with: bool
    closes: tuple[Span, ...]
    """The calls that close it."""
    settings: tuple[str, ...] = ()
    """What it is told."""
    uses: tuple[SessionUse, ...] = ()
    """What else is done with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session whose every use is known."""

    name: str
    """What holds it where it is used."""
    made: cst.Call
    requests: Sequence[cst.Call]
    uses: Sequence[SessionUse]
    """What else is done with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSession(Session):
    """A session that a function makes, with all that the function does with it."""

    statement: cst.BaseStatement
    block: cst.IndentedBlock
    """The block that holds the statement."""
    loads: Sequence[tuple[cst.CSTNode, ...]]
    closes: Sequence[cst.Call]
    handings: Sequence[cst.Arg]
    """The arguments that hand it on."""


@dataclass(frozen=True, slots=True)
class GivenSession:
    """A session that a function is given, with all that the function does with it."""

    name: str
    annotation: cst.BaseExpression | None
    """What names its class."""
    requests: Sequence[cst.Call]
    uses: Sequence[SessionUse]
    handings: Sequence[cst.Arg]


@dataclass(slots=True)
class Done:
    """What is done with what holds a session."""

    requests: list[cst.Call] = field(default_factory=list)
    closes: list[cst.Call] = field(default_factory=list)
    handings: list[cst.Arg] = field(default_factory=list)
    uses: list[tuple[SessionUse, Sequence[cst.CSTNode]]] = field(default_factory=list)
    """What else is done with it, with the paths of that."""


def session_of(
    tree: Tree,
    call: cst.Call,
    imports: ImportedNames,
    types: Types,
    taken: dict[int, set[str]],
    taker: SessionTaker,
) -> LocalSession | GivenSession | Refusal:
    """The session that a request is made with, or why it has no form in the library that takes it.

    `taken` are the variables that sessions have bound, by the function; those of this one are added.
    """
    function = enclosing_function(tree.path(call))
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
        return Refusal("its session is not a variable of the function that makes the request")
    bound = taken.setdefault(id(function), set())
    return session_named(tree, function, call.func.value.value, imports, types, bound, taker)


def session_named(
    tree: Tree,
    function: cst.FunctionDef,
    name: str,
    imports: ImportedNames,
    types: Types,
    taken: set[str],
    taker: SessionTaker,
) -> LocalSession | GivenSession | Refusal:
    """The session that a variable of a function holds, or why it has no form in the library that takes it.

    `taken` are the variables that sessions of the function have bound; those of this one are added.
    """
    bound, loads = occurrences(tree, function, name)
    if len(bound) != 1:
        what = _why_not_made(tree, name, taker) if not bound else "is bound more than once in the function"
        return Refusal(f"its session {name} {what}")
    if isinstance(bound[0][-2], cst.Param):
        return _given(tree, function, bound[0][-2], loads, imports, types, taker)
    if isinstance(bound[0][-2], cst.NameItem):
        return Refusal(f"its session {name} {_of_the_module(taker)}")
    made = _made_by(bound[0], imports)
    if made is None:
        plain = "a plain requests.Session() in a statement of its own"
        return Refusal(f"its session {name} is not made by {plain}; one of another class may do anything")
    position, blocker = place_of_path(tree.path(made.made), tree.no_await)
    if position is not Position.AWAITABLE:
        return Refusal(f"its session {name} is made {blocker}")
    return _with_uses(tree, function, made, loads, types, taken, taker)


def _of_the_module(taker: SessionTaker) -> str:
    outlives = f"outlives the event loop that a {taker.session} belongs to"
    return f"is one for the whole module, which {outlives}, and which nobody closes"


def _why_not_made(tree: Tree, name: str, taker: SessionTaker) -> str:
    """Why a session that a function does not bind has no form."""
    is_global = any(
        node.value == name
        and role_of(path := tree.path(node)) in {NameRole.ASSIGNED, NameRole.BOUND}
        and not any(isinstance(one, cst.FunctionDef | cst.ClassDef | cst.Lambda | cst.ImportAlias) for one in path)
        for node in tree.all(cst.Name)
    )
    return _of_the_module(taker) if is_global else "is not made by the function"


def session_form(
    tree: Tree, session: LocalSession, lasts: Iterable[Span], needed: Iterable[Span] = ()
) -> SessionForm | Refusal:
    """The form of a session whose requests have native forms.

    `lasts` are the last statements that these need it for, `needed` what else needs it open: uses of their responses.
    """
    block = list(session.block.body)
    is_with = isinstance(session.statement, cst.With)
    first = _index(block, session.statement)
    last = first
    if not is_with:
        known = set(lasts)
        ends = [index for index, statement in enumerate(block) if tree.span(statement) in known]
        uses = [_index(block, path[path.index(session.block) + 1]) for path in session.loads]
        last = max([*ends, *uses])
    used = [tree.offsets(path[-1])[0] for path in session.loads]
    used += [tree.lines.offset(one.line, one.column) for one in needed]
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
        uses=tuple(session.uses),
    )


def _index(block: Sequence[cst.BaseStatement | cst.BaseSmallStatement], statement: cst.CSTNode) -> int:
    return next(index for index, one in enumerate(block) if one is statement)


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
    if imports.resolve(made.func) not in MAKERS:
        return None
    return _Made(name, made, statement, block)


def _with_uses(
    tree: Tree,
    function: cst.FunctionDef,
    made: _Made,
    loads: Sequence[tuple[cst.CSTNode, ...]],
    types: Types,
    taken: set[str],
    taker: SessionTaker,
) -> LocalSession | Refusal:
    around = made.statement.body if isinstance(made.statement, cst.With) else made.block
    start = tree.offsets(made.statement)[0]
    for path in loads:
        if enclosing_function(path) is function and (around not in path or tree.offsets(path[-1])[0] < start):
            line = tree.span(path[-1]).line
            return Refusal(f"its session {made.name} is used outside of the block that makes it in line {line}")
    done = done_with(tree, made.name, loads, types, taker, function)
    if isinstance(done, Refusal):
        return done
    firsts = (*done.requests, *(one.value for one in done.handings))
    first = min((tree.offsets(one)[0] for one in firsts), default=start)
    refusal = check_order(tree, done.uses, around, first, taker)
    if refusal is not None:
        return Refusal(f"its session {made.name} {refusal.reason}")
    return LocalSession(
        name=made.name,
        made=made.made,
        statement=made.statement,
        block=made.block,
        loads=loads,
        requests=done.requests,
        closes=done.closes,
        handings=done.handings,
        uses=[_named(use, function, taken) for use, _ in done.uses],
    )


def _given(
    tree: Tree,
    function: cst.FunctionDef,
    parameter: cst.Param,
    loads: Sequence[tuple[cst.CSTNode, ...]],
    imports: ImportedNames,
    types: Types,
    taker: SessionTaker,
) -> GivenSession | Refusal:
    """The session that a parameter holds, or why it has to stay what it is."""
    name = parameter.name.value
    given = f"its session {name} is given to the function"
    if parameter not in {*function.params.posonly_params, *function.params.params, *function.params.kwonly_params}:
        return Refusal(f"{given} with others, in one parameter")
    if parameter.default is not None:
        return Refusal(f"{given}, and has a default: it may be none, or one that nobody closes")
    annotation = parameter.annotation.annotation if parameter.annotation is not None else None
    if annotation is not None and not names_session(annotation, imports):
        return Refusal(f"{given} as something that is not plainly requests.Session")
    done = done_with(tree, name, loads, types, taker, function)
    if isinstance(done, Refusal):
        return done
    if done.closes:
        line = tree.span(done.closes[0]).line
        return Refusal(f"{given}, which closes it in line {line}: whoever made it may go on to use it")
    for use, _ in done.uses:
        if use.change not in _ANYWHERE:
            how = f"sets it up in line {use.node.line} in a way that holds for requests of others as well"
            return Refusal(f"{given}, which {how}")
    return GivenSession(name, annotation, done.requests, [use for use, _ in done.uses], done.handings)


_ANYWHERE = frozenset(
    {
        SessionChange.SAME,
        SessionChange.COOKIE,
        SessionChange.COOKIE_CALL,
        SessionChange.COOKIES_UPDATE,
        SessionChange.JAR,
        SessionChange.EVERY_COOKIE,
    }
)
"""What is done to the session itself, whoever does it and whenever."""


def names_session(annotation: cst.BaseExpression, imports: ImportedNames) -> bool:
    """Whether an annotation is the class of requests' sessions, in quotes or not."""
    return imports.resolve(unquoted(annotation)) in _CLASSES


def done_with(
    tree: Tree,
    name: str,
    loads: Iterable[tuple[cst.CSTNode, ...]],
    types: Types,
    taker: SessionTaker,
    function: cst.FunctionDef | None = None,
) -> Done | Refusal:
    """What the places that read what holds a session do with that; all of them in one function where one is given."""
    done = Done()
    for path in loads:
        line = tree.span(path[-1]).line
        if function is not None and enclosing_function(path) is not function:
            return Refusal(f"its session {name} is used by a nested function in line {line}")
        if isinstance(path[-2], cst.Arg) and isinstance(path[-3], cst.Call) and not path[-2].star:
            done.handings.append(path[-2])
            continue
        use = _use_or_request(tree, path, types, taker)
        match use:
            case Refusal(reason):
                return Refusal(f"its session {name} {reason} in line {line}")
            case cst.Call(func=cst.Attribute(attr=cst.Name(value="close"))):
                done.closes.append(use)
            case cst.Call():
                done.requests.append(use)
            case _:
                done.uses.append((use, path))
    return done


def _named(use: SessionUse, function: cst.FunctionDef, taken: set[str]) -> SessionUse:
    """A use whose variable has a name that is free."""
    if use.variable is None:
        return use
    name = free_name(function, use.variable, taken)
    taken.add(name)
    return replace(use, variable=name)


def _use_or_request(
    tree: Tree, path: Sequence[cst.CSTNode], types: Types, taker: SessionTaker
) -> cst.Call | SessionUse | Refusal:
    """A request or a close; what else is done with the session; or why there is no form for it."""
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
    return taker.use_of(tree, path, types)


def check_order(
    tree: Tree, uses: Sequence[tuple[SessionUse, Path]], block: cst.BaseSuite, first_request: int, taker: SessionTaker
) -> Refusal | None:
    """Why the uses of a session cannot be written together: what holds for every request has to come before them all.

    `block` is that of the session, `first_request` the offset of the first request in it.
    """
    refusal = taker.check_uses(uses)
    if refusal is not None:
        return refusal
    seen: set[str] = set()
    for use, path in uses:
        if not use.comes_first:
            continue
        line = use.node.line
        at = tree.lines.offset(use.node.line, use.node.column)
        if path[path.index(block) + 2] is not small_statement(path) or at > first_request:
            return Refusal(f"is set up in line {line}, which does not always come before its first request,")
        keyword = use.keyword or use.argument
        if keyword is not None and keyword in seen:
            return Refusal(f"is set up in line {line} as it was before,")
        seen |= {keyword} if keyword is not None else set()
    return None
