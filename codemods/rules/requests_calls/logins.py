"""The users and passwords that `auth=` shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.names import bound_values
from codemods.rules.requests_calls.adjustments import given
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Refusal
from codemods.tree import Tree

BASIC = "requests.auth.HTTPBasicAuth"
DIGEST = "requests.auth.HTTPDigestAuth"


def visible_pair(login: cst.BaseExpression) -> Sequence[cst.BaseExpression]:
    """The user and the password of a login; nothing when they are not visible."""
    if isinstance(login, cst.Tuple) and len(login.elements) == 2:
        return [one.value for one in login.elements if isinstance(one, cst.Element)]
    found: Mapping[str, cst.BaseExpression] | None = None
    if isinstance(login, cst.Call):
        found = given(login, ("username", "password"))
    return [found["username"], found["password"]] if found is not None and len(found) == 2 else []


@dataclass(frozen=True, slots=True)
class NamedPair:
    """A name that holds a user and a password."""

    may_be_none: bool
    """Whether it may hold None instead."""


def named_pair(login: cst.BaseExpression, kind: str | None, pair: re.Pattern[str], tree: Tree) -> NamedPair | Refusal:
    """What a name holds that is given as a login; `pair` is how the checker writes the type of one.

    What is bound to a variable of the function may show it, too, where the types of user and password are not known.
    """
    kinds = set(alternatives(kind)) if kind is not None else set()
    if kinds - {"None"} and all(pair.fullmatch(one) for one in kinds - {"None"}):
        return NamedPair("None" in kinds)
    values = bound_values(tree, login) if isinstance(login, cst.Name) else ()
    pairs = [one for one in values if not is_name(one, "None")]
    if pairs and all(isinstance(one, cst.Tuple) and len(visible_pair(one)) == 2 for one in pairs):
        return NamedPair(len(pairs) < len(values))
    return Refusal("auth= is not known to be a pair of user and password")
