"""What a handler asks of the response and the request of the exception that it catches.

Source: the verified table, section 4: requests' exceptions may hold a response, those of other libraries are one class
that does and others that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.model import Question
from codemods.rules.names import is_bound
from codemods.rules.requests_calls.attributes import Handle, handled
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.handling import Handling, ResponseUse, is_in_f_string
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_Handler = cst.ExceptHandler | cst.ExceptStarHandler

_PRESENCE = {ResponseUse.IS_THERE.value: True, ResponseUse.IS_NOT_THERE.value: False}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the exceptions of a library answer, against those of requests."""

    client: str
    """The library's name."""
    kind: str
    """The class of those that come with a response."""
    attributes: Mapping[str, Handle]
    """What can be asked of their response, by attribute; `request` is also asked of the exception itself."""
    notes: Mapping[ResponseUse, str]
    """How an answer differs, in words."""
    notes_of_kinds: Mapping[str, str]
    """How the answers differ where a class is caught, by the last part of its name."""
    write: Callable[[ResponseUse, cst.BaseExpression, str], cst.BaseExpression]
    """Writes what asks the same of the library's exception: from a question as written, and the exception's name."""


def questions_of(tree: Tree, names: Sequence[cst.Name], answers: Answers) -> tuple[Question, ...] | Refusal:
    """What is asked of an exception, whose name stands at some places of its handler."""
    found: list[Question] = []
    for name in names:
        path = tree.path(name)
        handling = _handling(path, answers)
        if isinstance(handling, Refusal):
            return handling
        for builtin in ("isinstance", "getattr", *([handling.builtin] if handling.builtin else [])):
            if is_bound(tree, builtin, name):
                return Refusal(f"the file binds the name {builtin}")
        found.append(Question(tree.span(path[-1 - handling.depth]), name.value, handling.use.value))
    return tuple(found)


def is_certain_of_response(tree: Tree, handler: _Handler, questions: Sequence[Question]) -> bool:
    """Whether nothing is asked of a response before it is sure that there is one."""
    nodes = [(one, _node(tree, one)) for one in questions]
    checks = {id(node): _PRESENCE[one.asks] for one, node in nodes if one.asks in _PRESENCE}
    return all(id(node) in checks or _is_behind(tree.path(node), handler.body, checks) for _, node in nodes)


def _node(tree: Tree, question: Question) -> cst.BaseExpression:
    node = tree.expression(question.span)
    assert node is not None, question
    return node


def _handling(path: Sequence[cst.CSTNode], answers: Answers) -> Handling | Refusal:
    """What is asked of the exception whose name is at the end of a path."""
    if any(isinstance(one, cst.FormattedStringExpression) and one.equal is not None for one in path):
        return Refusal("in an f-string that shows its source")
    attribute = path[-2]
    assert isinstance(attribute, cst.Attribute)
    if attribute.attr.value == "request":
        return answers.attributes["request"](path)
    match path[-3]:
        case cst.Comparison(
            left=left, comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot() as operator, comparator=other)]
        ) if left is attribute and is_name(other, "None"):
            if is_in_f_string(path):
                return Refusal("in an f-string")
            is_there = isinstance(operator, cst.IsNot)
            return Handling(ResponseUse.IS_THERE if is_there else ResponseUse.IS_NOT_THERE, 2)
    handling = handled(path[:-1], answers.client, answers.attributes)
    if isinstance(handling, Refusal):
        return handling
    if handling.use is ResponseUse.TRUTH:
        return Refusal("the truth of a response is that of its success, so it is false for the errors of a server")
    if handling.depth == 0:
        return Refusal("the response is used as a value")
    return Handling(handling.use, handling.depth + 1, handling.builtin)


def _is_behind(path: Sequence[cst.CSTNode], body: cst.BaseSuite, checks: Mapping[int, bool]) -> bool:
    """Whether the last node of a path is only reached where the checks have found a response."""
    for outer, inner in pairwise(path[path.index(body) :]):
        match outer:
            case cst.If(test=test, body=then, orelse=otherwise) | cst.IfExp(test=test, body=then, orelse=otherwise):
                if (inner is then and _says(test, True, checks)) or (inner is otherwise and _says(test, False, checks)):
                    return True
            case cst.BooleanOperation(left=left, operator=operator, right=right):
                if inner is right and _says(left, isinstance(operator, cst.And), checks):
                    return True
            case cst.IndentedBlock(body=statements):
                place = next(index for index, one in enumerate(statements) if one is inner)
                if any(_lets_pass(one, checks) for one in statements[:place]):
                    return True
    return False


def _lets_pass(statement: cst.CSTNode, checks: Mapping[int, bool]) -> bool:
    """Whether only what has a response gets behind a statement."""
    match statement:
        case cst.If(test=test, body=cst.BaseSuite(body=[*_, last]), orelse=None):
            ends = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
            return isinstance(ends, cst.Return | cst.Raise | cst.Continue | cst.Break) and _says(test, False, checks)
        case cst.SimpleStatementLine(body=[cst.Assert(test=test)]):
            return _says(test, True, checks)
    return False


def _says(test: cst.BaseExpression, outcome: bool, checks: Mapping[int, bool]) -> bool:
    """Whether there is a response where a test has an outcome."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return _says(inner, not outcome, checks)
        case cst.BooleanOperation(left=left, operator=operator, right=right):
            sides = [_says(left, outcome, checks), _says(right, outcome, checks)]
            return any(sides) if isinstance(operator, cst.And) is outcome else all(sides)
    return checks.get(id(test)) is outcome


def asked_anew(
    node: cst.BaseExpression, question: Question, answers: Answers, kind: str, *, keeps_old: bool
) -> cst.BaseExpression:
    """The expression of a question once the library's exceptions are caught.

    `kind` is how the file names the class of those with a response; `keeps_old` says that those of requests may still
    come, too.
    """
    name = question.exception
    is_new = cst.Call(cst.Name("isinstance"), [_argument(cst.Name(name)), cst.Arg(cst.parse_expression(kind))])
    if question.asks in _PRESENCE:
        return _presence(node, is_new, name, is_there=_PRESENCE[question.asks], keeps_old=keeps_old)
    made = answers.write(ResponseUse(question.asks), node, name)
    if not keeps_old or made.deep_equals(node):
        return made
    old = node.with_changes(lpar=(), rpar=())
    return cst.IfExp(is_new, made, old, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _presence(
    node: cst.BaseExpression, is_new: cst.BaseExpression, name: str, *, is_there: bool, keeps_old: bool
) -> cst.BaseExpression:
    """`isinstance(error, aiohttp.ClientResponseError)` for `error.response is not None`."""
    if not keeps_old:
        made = is_new if is_there else cst.UnaryOperation(cst.Not(), is_new)
        return made.with_changes(lpar=node.lpar, rpar=node.rpar)
    held = cst.parse_expression(f'getattr({name}, "response", None)')
    operator = cst.IsNot() if is_there else cst.Is()
    is_old = cst.Comparison(held, [cst.ComparisonTarget(operator, cst.Name("None"))])
    both = (
        cst.BooleanOperation(is_new, cst.Or(), is_old)
        if is_there
        else cst.BooleanOperation(cst.UnaryOperation(cst.Not(), is_new), cst.And(), is_old)
    )
    return both.with_changes(lpar=node.lpar or [cst.LeftParen()], rpar=node.rpar or [cst.RightParen()])


def _argument(value: cst.BaseExpression) -> cst.Arg:
    return cst.Arg(value, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
