"""The words for what is done with a session besides its requests, and how it is found.

Each library decides what takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.model import Span
from codemods.rules.requests_calls.adjustments import PASSED, Adjustment, Answer
from codemods.rules.requests_calls.expressions import is_name, type_of
from codemods.rules.requests_calls.hooks import check_hooks
from codemods.rules.requests_calls.mappings import check_mapping
from codemods.rules.requests_calls.values import Wire, is_plain_dict
from codemods.rules.rule import Refusal
from codemods.tree import Tree

Path = Sequence[cst.CSTNode]
Types = Mapping[Span, str]


class SessionChange(StrEnum):
    """What becomes of one use of a session."""

    SAME = "same"
    GONE = "gone"
    """The statement goes away."""
    HEADERS = "headers"
    """`session.headers = {...}` becomes an update: there are none before."""
    LOGIN = "login"
    """`session.auth = (user, password)` becomes a header."""
    COOKIE = "cookie"
    """`session.cookies["id"] = "7"`."""
    COOKIE_CALL = "cookie call"
    """`session.cookies.set("id", "7")`."""
    COOKIES_UPDATE = "cookies update"
    JAR = "jar"
    """`session.cookies` is called `session.cookie_jar`."""
    EVERY_COOKIE = "every cookie"
    """A dict of all cookies."""
    VARIABLE = "variable"
    """What is set is kept in a variable."""
    CONTEXT = "context"
    """A file of certificates that are trusted becomes a context in a variable."""
    CERTIFICATE = "certificate"
    """The same for the certificate that shows who asks."""
    TOLD = "told"
    """The statement goes away: the library's session is told when it is made."""


@dataclass(frozen=True, slots=True)
class SessionUse:
    """One use of a session that is no request."""

    change: SessionChange
    node: Span
    """What is written anew: an expression, or an assignment."""
    notes: tuple[str, ...] = ()
    argument: str | None = None
    """The argument of a request that says the same as what is set."""
    keyword: str | None = None
    """What each request is given for it instead: the variable, or `value`."""
    value: str | None = None
    variable: str | None = None
    """The variable that is bound in its place."""
    setting: str | None = None
    """What the library's session is told when it is made."""

    @property
    def given(self) -> str | None:
        """What each request is given for it."""
        return self.variable or self.value

    @property
    def comes_first(self) -> bool:
        """Whether it only holds when it is done before all requests, whatever happens."""
        return self.change in _ONCE or self.argument is not None


_ONCE = frozenset({SessionChange.GONE, SessionChange.HEADERS})

_REASONS = {
    "mount": "has an adapter mounted (retries, a pool, a transport of its own), which {client} has no equal of,",
    "adapters": "has its adapters used, which {client} has no equal of,",
    "get_adapter": "has its adapters used, which {client} has no equal of,",
    "send": "sends a prepared request, of which the arguments cannot be seen,",
    "prepare_request": "prepares a request, which {client} has no equal of,",
    "stream": "has its stream set, so that bodies are read when they are asked for,",
}


def without_form(name: str, client: str) -> Refusal:
    """Why an attribute of a session has no form in a library."""
    reason = "has its {name} used, for which there is no form in {client} that is known to be the same,"
    return Refusal(_REASONS.get(name, reason).format(name=name, client=client))


def assigned(path: Path) -> cst.BaseExpression | None:
    """What a statement of its own assigns to the last node of a path."""
    match path[-4:]:
        case (cst.SimpleStatementLine(body=[_]), cst.Assign(targets=[_], value=value), cst.AssignTarget(), _):
            return value
    return None


def item_assigned(path: Path) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """The key and the value of an item that a statement of its own assigns to the last node of a path."""
    match path[-5:]:
        case (
            cst.SimpleStatementLine(body=[_]),
            cst.Assign(targets=[_], value=value),
            cst.AssignTarget(),
            cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]) as item,
            node,
        ) if item.value is node:
            return key, value
    return None


def given_alone(path: Path, method: str) -> cst.BaseExpression | None:
    """The only argument of a method of the last node of a path, called by a statement of its own."""
    match path[-5:]:
        case (
            cst.SimpleStatementLine(body=[_]),
            cst.Expr(),
            cst.Call(args=[cst.Arg(keyword=None, star="", value=value)]) as call,
            cst.Attribute(attr=cst.Name(value=name)) as function,
            _,
        ) if name == method and call.func is function:
            return value
    return None


def small_statement(path: Path) -> cst.BaseSmallStatement:
    """The innermost assignment or expression statement of a path."""
    return next(node for node in reversed(path) if isinstance(node, cst.BaseSmallStatement))


def assignment_span(tree: Tree, path: Path) -> Span:
    """Where the innermost assignment or expression statement of a path stands."""
    return tree.span(small_statement(path))


def unadjusted(answer: Answer) -> list[str] | Refusal:
    """The notes on a mapping that is given as it is."""
    if isinstance(answer, Refusal):
        return answer
    adjustment, notes = answer
    return notes if adjustment == PASSED else Refusal("it holds None, or what is no text")


def params_kept(wire: Wire, tree: Tree, path: Path, types: Types) -> SessionUse | Refusal:
    """`session.params = {...}`, which is kept in a variable."""
    value = assigned(path) or given_alone(path, "update")
    if value is None:
        return Refusal("has its params used otherwise than to set them all")
    if not (isinstance(value, cst.Dict) or is_plain_dict(type_of(tree, value, types))):
        return Refusal("has params that are not known to be a dict")
    notes = unadjusted(check_mapping(wire, "params", value, tree, types))
    if isinstance(notes, Refusal):
        return Refusal(f"sets params that cannot be: {notes.reason},")
    return SessionUse(
        SessionChange.VARIABLE,
        assignment_span(tree, path),
        tuple(notes),
        argument="params",
        keyword="params",
        variable="params",
    )


def why_hooks_do_more(path: Path) -> Refusal | None:
    """Why the hooks at the end of a path are not set to one that does nothing but `raise_for_status()`."""
    value, item = assigned(path), item_assigned(path)
    if item is not None:
        value = cst.Dict([cst.DictElement(*item)])
    answer = check_hooks(value, PASSED) if value is not None else None
    if answer is None or isinstance(answer, Refusal) or answer[0] != PASSED:
        return Refusal("has hooks, which may do anything with a response,")
    return None


def headers_set(path: Path) -> cst.BaseExpression | None:
    """What is set of the headers at the end of a path, as one expression; None where they are used otherwise."""
    item = item_assigned(path)
    if item is not None:
        return cst.Dict([cst.DictElement(*item)])
    return given_alone(path, "update") or assigned(path)


def why_own_differs(
    tree: Tree, use: SessionUse, own: cst.BaseExpression | None, adjusted: Mapping[str, Adjustment], types: Types
) -> Refusal | None:
    """Why what a request brings does not go with what is set on its session; `adjusted` is what becomes of that."""
    if own is None or is_name(own, "None"):
        return None
    if use.argument != "params":
        return Refusal(f"its session has {use.argument} set, and it brings others")
    is_dict = isinstance(own, cst.Dict) or is_plain_dict(type_of(tree, own, types))
    if not is_dict or adjusted.get("params") != PASSED:
        return Refusal("its session has params, and its own are not known to be a dict of texts")
    return None
