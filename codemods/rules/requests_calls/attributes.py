"""The attributes of a response: what a library can do with each is a table of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import is_truth_test
from codemods.rules.requests_calls.handling import Handling, ResponseUse, escape, is_changed, is_none_test
from codemods.rules.rule import Refusal

Handle = Callable[[Sequence[cst.CSTNode]], Handling | Refusal]
"""Says what is done with an attribute; it gets the path to the response."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a response that is asked for and nothing more."""

    use: ResponseUse
    builtin: str | None = None

    def __call__(self, path: Sequence[cst.CSTNode]) -> Handling | Refusal:
        if is_changed(path[:-1]):
            return Refusal(f"the response's {_name(path)} is assigned")
        return Handling(self.use, 1, self.builtin)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a response that is called without arguments."""

    use: ResponseUse

    def __call__(self, path: Sequence[cst.CSTNode]) -> Handling | Refusal:
        call = path[-3]
        if not isinstance(call, cst.Call) or call.func is not path[-2]:
            return Refusal(f"the response's method {_name(path)} is used as a value")
        if call.args:
            return Refusal(f"{_name(path)}() is called with arguments")
        return Handling(self.use, 2)


def json(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    call = path[-3]
    if not isinstance(call, cst.Call) or call.func is not path[-2] or not call.args:
        return Method(ResponseUse.JSON)(path)
    if any(argument.keyword is None and argument.star != "**" for argument in call.args):
        return Refusal("json() is called with positional arguments, which it does not take")
    return Handling(ResponseUse.JSON_GIVEN, 2)


@dataclass(frozen=True, slots=True)
class Missing:
    """An attribute that the library has no equal of."""

    reason: str

    def __call__(self, path: Sequence[cst.CSTNode]) -> Refusal:
        return Refusal(f"the response is asked for its {_name(path)}: {self.reason}")


def handled(path: Sequence[cst.CSTNode], client: str, attributes: Mapping[str, Handle]) -> Handling | Refusal:
    """What is done with the last node of a path, which is a response.

    `attributes` say what a library can do with each; `__iter__` stands for a loop over the response itself.
    """
    node, parent = path[-1], path[-2]
    if any(isinstance(one, cst.FormattedStringExpression) and one.equal is not None for one in path):
        return Refusal("the response is in an f-string that shows its source")
    if isinstance(parent, cst.Attribute) and parent.value is node:
        check = attributes.get(parent.attr.value)
        if check is None:
            return Refusal(f"the response's {_name(path)} has no form in {client} that is known to be the same")
        return check(path)
    if isinstance(parent, cst.For) and parent.iter is node and "__iter__" in attributes:
        return attributes["__iter__"](path)
    if is_truth_test(path):
        return Handling(ResponseUse.TRUTH, 0)
    if is_none_test(path):
        return Handling(ResponseUse.SAME, 0)
    return Refusal(f"the response is {escape(path)}")


def _name(path: Sequence[cst.CSTNode]) -> str:
    """The name of the attribute that is asked of a response."""
    attribute = path[-2]
    assert isinstance(attribute, cst.Attribute)
    return attribute.attr.value
