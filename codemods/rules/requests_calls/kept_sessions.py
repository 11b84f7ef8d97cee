"""Sessions that an object makes for itself and keeps: they become another library's, and the object closes its own.

Such an object is made where an event loop runs, and used in `async with`: what makes it is asked elsewhere. Here it is
the class that is asked: every use of its session has to be known, and it must not hand itself on. Source: the verified
table, section 1, on `requests.Session()` without `with`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Span
from codemods.rules.names import NameRole, role_of
from codemods.rules.requests_calls.own_ways import OwnWay, first_parameter, methods_of, own_way, owner_name
from codemods.rules.requests_calls.session_uses import SessionUse, assigned
from codemods.rules.requests_calls.sessions import (
    MAKERS,
    Done,
    Session,
    SessionTaker,
    check_order,
    done_with,
    names_session,
)
from codemods.rules.rule import Awaited, Kept, Offer, Refusal
from codemods.tree import Tree

_OTHER_WAYS = frozenset({"__aenter__", "__aexit__", "__del__"})
"""With these a class does more than to be closed at the end of a `with`."""
_WITHOUT_SELF = frozenset({"staticmethod", "classmethod"})

NOTE = (
    "its session is made where an event loop runs, as the object is that keeps it, and is closed at the end of "
    "`async with`: nothing else closes it"
)


@dataclass(frozen=True, slots=True)
class KeptForm:
    """The native form of a session that the objects of a class make for themselves."""

    attribute: str
    made: Span
    """The call that makes it."""
    init: Span
    """The name of the method that does."""
    settings: tuple[str, ...] = ()
    uses: tuple[SessionUse, ...] = ()
    way: tuple[Span, Span] | None = None
    """The names of `__enter__` and `__exit__`, where the class has them."""
    closes: Span | None = None
    """The call by which that closes the session itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession(Session):
    """A session that every object of a class has one of."""

    attribute: str
    init: cst.FunctionDef
    closes: Sequence[cst.Call]
    """What closes it, its own way apart."""
    closers: frozenset[str]
    """The methods that do."""
    way: OwnWay | None

    @property
    def kept(self) -> Kept:
        """What the plan has to know of it."""
        does_more = self.way is not None and self.way.does_more
        return Kept(self.attribute, has_way=self.way is not None, does_more=does_more, closers=self.closers)


def attribute_asked(call: cst.Call) -> cst.Attribute | None:
    """The attribute of an object that a call is a method of: `self.session` in `self.session.get(url)`."""
    match call.func:
        case cst.Attribute(value=cst.Attribute(value=cst.Name()) as asked):
            return asked
    return None


def kept_session_of(
    tree: Tree, call: cst.Call, imports: ImportedNames, types: Mapping[Span, str], taker: SessionTaker
) -> KeptSession | Refusal:
    """The session of `self` that a request is made with, or why it has no form in the library that takes it."""
    asked = attribute_asked(call)
    assert asked is not None
    name = tree.lines.slice(tree.span(asked))
    attribute = asked.attr.value
    owner = _class_of(tree.path(asked))
    if owner is None:
        return Refusal(f"its session {name} is kept on an object, and asked for outside of a method of its class")
    way = _why_not_plain(owner) or own_way(owner, attribute)
    if isinstance(way, Refusal):
        return Refusal(f"its session {name} is kept on an object, and the class {way.reason}")
    made = _made_in(tree, owner, attribute, imports)
    if made is None:
        plain = "by a statement self… = requests.Session() of its __init__"
        return Refusal(f"its session {name} is not made {plain}, and nowhere else")
    used = _handed_on(tree, owner, way)
    if used is not None:
        return Refusal(f"its session {name} is kept on an object that is handed on in line {tree.span(used).line}")
    return _with_uses(tree, name, made, way, types, taker)


def kept_form(tree: Tree, session: KeptSession) -> KeptForm:
    """The form of a session whose requests have native forms."""
    way = session.way
    return KeptForm(
        attribute=session.attribute,
        made=tree.span(session.made),
        init=tree.span(session.init.name),
        uses=tuple(session.uses),
        way=None if way is None else (tree.span(way.enter.name), tree.span(way.exit.name)),
        closes=None if way is None or way.method is not None else tree.span(way.closes),
    )


def _class_of(path: Sequence[cst.CSTNode]) -> cst.ClassDef | None:
    """The class at module level whose method asks its own object for what is at the end of a path."""
    match [node for node in path if isinstance(node, cst.ClassDef | cst.FunctionDef | cst.Lambda)]:
        case [cst.ClassDef() as owner, cst.FunctionDef() as method] if _self_of(method) == owner_name(path[-1]):
            return owner
    return None


def _self_of(method: cst.FunctionDef) -> str | None:
    """What a method calls its own object."""
    decorators = [one.decorator for one in method.decorators]
    is_of_class = any(isinstance(one, cst.Name) and one.value in _WITHOUT_SELF for one in decorators)
    return None if is_of_class else first_parameter(method)


def _why_not_plain(owner: cst.ClassDef) -> Refusal | None:
    """Why a class cannot be given a way of its own to close what it keeps."""
    bases = [base.value for base in owner.bases]
    if owner.keywords or owner.decorators or any(not _is_object(one) for one in bases):
        return Refusal("is more than a plain one: it has bases or decorators")
    taken = [one.name.value for one in methods_of(owner) if one.name.value in _OTHER_WAYS]
    return Refusal(f"has a {taken[0]} of its own") if taken else None


def _is_object(base: cst.BaseExpression) -> bool:
    return isinstance(base, cst.Name) and base.value == "object"


@dataclass(frozen=True, slots=True)
class _Made:
    attribute: str
    call: cst.Call
    owner: cst.ClassDef
    init: cst.FunctionDef
    places: Sequence[tuple[cst.CSTNode, ...]]
    """Where the attribute stands otherwise."""


def _made_in(tree: Tree, owner: cst.ClassDef, attribute: str, imports: ImportedNames) -> _Made | None:
    """The only place of a class that makes the session of an attribute; None where it is none, or there are others."""
    inits = [one for one in methods_of(owner) if one.name.value == "__init__"]
    if len(inits) != 1 or _is_of_class(tree, owner, attribute):
        return None
    (init,) = inits
    made: cst.Call | None = None
    places: list[tuple[cst.CSTNode, ...]] = []
    for node in tree.all(cst.Attribute, owner):
        if node.attr.value != attribute:
            continue
        path = tree.path(node)
        call = _made_by(path, init, imports)
        if call is not None and made is None:
            made = call
        else:
            places.append(path)
    return None if made is None else _Made(attribute, made, owner, init, places)


def _is_of_class(tree: Tree, owner: cst.ClassDef, attribute: str) -> bool:
    """Whether the body of a class itself says something of an attribute: its type, or a value for all objects."""
    names = (node for node in tree.all(cst.Name, owner) if node.value == attribute)
    return any(
        role_of(path) in {NameRole.ASSIGNED, NameRole.BOUND}
        and not any(isinstance(one, cst.FunctionDef | cst.Lambda) for one in path[:-2])
        for path in map(tree.path, names)
    )


def _made_by(path: Sequence[cst.CSTNode], init: cst.FunctionDef, imports: ImportedNames) -> cst.Call | None:
    """The new session that a statement of `__init__` itself gives to the attribute at the end of a path."""
    match path[-4:]:
        case (
            cst.SimpleStatementLine(body=[_]),
            cst.Assign(targets=[_], value=cst.Call(args=[]) as made),
            cst.AssignTarget(),
            cst.Attribute(),
        ):
            line = path[-4]
        case (
            _,
            cst.SimpleStatementLine(body=[_]),
            cst.AnnAssign(annotation=kind, value=cst.Call(args=[]) as made),
            cst.Attribute(),
        ) if names_session(kind.annotation, imports):
            line = path[-3]
        case _:
            return None
    is_direct = any(one is line for one in init.body.body)
    is_own = owner_name(path[-1]) == _self_of(init)
    return made if is_direct and is_own and imports.resolve(made.func) in MAKERS else None


def _handed_on(tree: Tree, owner: cst.ClassDef, way: OwnWay | None) -> cst.Name | None:
    """Where a method gives its own object to someone, who may keep it; those within a method may outlive it."""
    for method in methods_of(owner):
        if way is not None and method is way.enter:
            continue
        own = _self_of(method)
        for node in tree.all(cst.Name, method):
            if node.value != own:
                continue
            path = tree.path(node)
            outer = path[-2]
            is_asked = isinstance(outer, cst.Attribute) and outer.value is node and outer.attr.value != "__dict__"
            if role_of(path) is NameRole.LOAD and not (is_asked and enclosing_function(path) is method):
                return node
    return None


def _with_uses(
    tree: Tree, name: str, made: _Made, way: OwnWay | None, types: Mapping[Span, str], taker: SessionTaker
) -> KeptSession | Refusal:
    set_up = made.init.body
    for path in made.places:
        line = tree.span(path[-1]).line
        if _class_of(path) is not made.owner:
            return Refusal(f"its session {name} is asked for in line {line}, outside of the methods of its class")
        is_early = set_up in path and tree.offsets(path[-1]) < tree.offsets(made.call)
        if assigned(path) is not None or is_early:
            return Refusal(f"its session {name} is used or set in line {line}, beside where it is made")
    # what __init__ does comes first
    places = sorted(made.places, key=lambda path: (set_up not in path, tree.offsets(path[-1])))
    done = done_with(tree, name, places, types, taker)
    if isinstance(done, Refusal):
        return done
    closes = [one for one in done.closes if way is None or one is not way.closes]
    refusal = (
        _why_handed_on(tree, done) or _why_told_later(done, set_up) or _why_used_behind(tree, made, done, closes, way)
    )
    refusal = refusal or check_order(tree, done.uses, set_up, len(tree.code), taker)
    if refusal is not None:
        return Refusal(f"its session {name} {refusal.reason}")
    return KeptSession(
        name=name,
        made=made.call,
        requests=done.requests,
        uses=[use for use, _ in done.uses],
        attribute=made.attribute,
        init=made.init,
        closes=closes,
        closers=frozenset(_method_of(tree, close).name.value for close in closes),
        way=way,
    )


def _why_handed_on(tree: Tree, done: Done) -> Refusal | None:
    first = next(iter(done.handings), None)
    return None if first is None else Refusal(f"is used as a value in line {tree.span(first.value).line}")


def _why_told_later(done: Done, set_up: cst.BaseSuite) -> Refusal | None:
    """Why what is set on a session cannot be set on it alone, before all requests."""
    for use, path in done.uses:
        if use.variable is not None or (use.comes_first and set_up not in path):
            return Refusal(f"is set up in line {use.node.line} in a way that each request has to be told")
    return None


def _why_used_behind(
    tree: Tree, made: _Made, done: Done, closes: Sequence[cst.Call], way: OwnWay | None
) -> Refusal | None:
    """Why a session may be used behind where a method closes it: that of requests opens again."""
    closers: set[str] = set()
    for close in closes:
        path, line, method = tree.path(close), tree.span(close).line, _method_of(tree, close)
        if method is made.init or any(isinstance(one, cst.For | cst.While) for one in path):
            return Refusal(f"is closed in line {line}, and may be used behind that,")
        for request in done.requests:
            is_over = isinstance(tree.path(request)[-2], cst.Expr) and tree.offsets(request) < tree.offsets(close)
            if _method_of(tree, request) is method and not is_over:
                return Refusal(f"is closed in line {line}, and what it asked for may be used behind that,")
        closers.add(method.name.value)
    for node in tree.all(cst.Attribute, made.owner):
        is_own_way = way is not None and node is way.closes.func
        if node.attr.value in closers and not is_own_way and _class_of(tree.path(node)) is made.owner:
            line = tree.span(node).line
            return Refusal(f"is closed in line {line} by the class itself, and may be used behind that,")
    return None


def _method_of(tree: Tree, call: cst.Call) -> cst.FunctionDef:
    method = enclosing_function(tree.path(call))
    assert isinstance(method, cst.FunctionDef)
    return method


def offers_to_close(
    tree: Tree, sessions: Iterable[object], offers: Mapping[Span, Offer], rule: str, reason: str, method: str | None
) -> dict[Span, Offer]:
    """Offers for what closes the sessions of objects, where all requests of these have native forms among the offers.

    `method` is what the library calls `close()`, if it has another name.
    """
    found: dict[Span, Offer] = {}
    for session in sessions:
        if not isinstance(session, KeptSession):
            continue
        if any(offers[tree.span(call)].native is None for call in session.requests):
            continue
        for close in session.closes:
            span = tree.span(close)
            found[span] = Offer(rule=rule, native=Awaited(span, method), reason=reason, kept=session.kept)
    return found
