"""`timeout=`: requests counts it for every socket operation, and so does aiohttp when it is told.

Source: the verified table, section 2.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.model import Span
from codemods.rules.requests_calls.adjustments import Adjustment, Answer, NameOf, called, dotted, given
from codemods.rules.requests_calls.expressions import imported_name, is_name, type_of
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Refusal
from codemods.tree import Tree, dotted_name

_ZERO_NOTE = "a timeout of 0 means none to aiohttp; requests raises ValueError"
_SECONDS = r"(?:int|float|None)(?: \| (?:int|float|None))*"
_PAIR = re.compile(rf"tuple\[{_SECONDS}, {_SECONDS}\]")
_OF_URLLIB3 = frozenset({"urllib3.Timeout", "urllib3.util.Timeout", "urllib3.util.timeout.Timeout"})


@dataclass(frozen=True, slots=True)
class Timeout(Adjustment):
    """A number of seconds for every socket operation."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        function = dotted(f"{name_of('aiohttp')}.ClientTimeout")
        return [argument.with_changes(value=called(function, **self.seconds(argument.value)))]

    def seconds(self, value: cst.BaseExpression) -> Mapping[str, cst.BaseExpression]:
        """The parameters of aiohttp's timeout."""
        if is_name(value, "None"):
            return {"total": value}
        return {"sock_connect": value, "sock_read": value}


@dataclass(frozen=True, slots=True)
class Timeouts(Timeout):
    """A pair of them: to connect, and to read."""

    def seconds(self, value: cst.BaseExpression) -> Mapping[str, cst.BaseExpression]:
        if isinstance(value, cst.Tuple):
            connect, read = (one.value for one in value.elements)
        else:
            connect, read = (cst.Subscript(value, [cst.SubscriptElement(cst.Index(cst.Integer(at)))]) for at in "01")
        return {"sock_connect": connect, "sock_read": read}


@dataclass(frozen=True, slots=True)
class TimeoutOfUrllib3(Timeout):
    """A `urllib3.Timeout` that is made in the call."""

    def seconds(self, value: cst.BaseExpression) -> Mapping[str, cst.BaseExpression]:
        fields = _fields(value)
        total = fields.get("total")
        if total is not None:
            return {"sock_connect": total, "sock_read": total}
        return {f"sock_{name}": one for name, one in fields.items()}

    def gone(self, argument: cst.Arg) -> Iterator[cst.BaseExpression]:
        assert isinstance(argument.value, cst.Call)
        yield argument.value.func


def _fields(value: cst.BaseExpression) -> Mapping[str, cst.BaseExpression]:
    return (given(value, ("total", "connect", "read")) or {}) if isinstance(value, cst.Call) else {}


def check_timeout(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> Answer:
    """What becomes of a timeout."""
    kind = type_of(tree, value, types)
    if isinstance(value, cst.Tuple) and len(value.elements) == 2:
        return _check_each([one.value for one in value.elements], Timeouts(), tree, types)
    # a name is written twice: anything else could have effects
    if kind is not None and _PAIR.fullmatch(kind) and dotted_name(value) is not None:
        return Timeouts(), [_ZERO_NOTE]
    if isinstance(value, cst.Call) and imported_name(tree, value.func) in _OF_URLLIB3:
        fields = _fields(value)
        if not fields or ("total" in fields and len(fields) > 1):
            return Refusal("its timeout is one of urllib3 that bounds the whole as well")
        return _check_each(list(fields.values()), TimeoutOfUrllib3(), tree, types)
    return _check_each([value], Timeout(), tree, types)


def _check_each(
    values: Sequence[cst.BaseExpression], adjustment: Timeout, tree: Tree, types: Mapping[Span, str]
) -> Answer:
    notes: list[str] = []
    for value in values:
        answer = _seconds(value, type_of(tree, value, types))
        if isinstance(answer, Refusal):
            return answer
        notes += answer
    is_written_twice = len(adjustment.seconds(values[0])) > 1 and len(values) == 1
    if is_written_twice and not isinstance(values[0], cst.Integer | cst.Float) and dotted_name(values[0]) is None:
        return Refusal("its timeout may have effects")
    return adjustment, notes


def _seconds(value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if is_name(value, "None"):
        return []
    if isinstance(value, cst.Integer | cst.Float):
        return [] if value.evaluated_value > 0 else Refusal("a timeout of 0 is an error in requests only")
    # None means the same for both libraries
    if kind is not None and set(alternatives(kind)) <= {"int", "float", "None"}:
        return [_ZERO_NOTE]
    return Refusal("its timeout is not known to be a number")
