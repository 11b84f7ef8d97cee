"""`auth=`: a pair as it is, or a login of httpx.

Source: the verified table, section 5; httpx 0.28 `httpx/_auth.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.evaluation import is_pure
from codemods.rules.requests_calls.adjustments import PASSED, Adjustment, Answer, NameOf, called, dotted
from codemods.rules.requests_calls.expressions import imported_name, literal_parts
from codemods.rules.requests_calls.logins import BASIC, DIGEST, named_pair, visible_pair
from codemods.rules.rule import Refusal
from codemods.tree import Tree, dotted_name

_TEXT = r"(?:str|LiteralString|Literal\['[^']*'\])"
_NAMED_PAIR = re.compile(rf"tuple\[{_TEXT}, {_TEXT}\]")
_LETTERS_NOTE = "httpx sends letters beyond ASCII in a login as UTF-8, and takes nothing but text; requests as Latin-1"


@dataclass(frozen=True, slots=True)
class Login(Adjustment):
    """A login that is an object: httpx has one of its own."""

    kind: str
    """`BasicAuth` or `DigestAuth`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        made = called(dotted(f"{name_of('httpx')}.{self.kind}"), *visible_pair(argument.value))
        return [argument.with_changes(value=made)]

    def gone(self, argument: cst.Arg) -> Iterator[cst.BaseExpression]:
        assert isinstance(argument.value, cst.Call)
        yield argument.value.func


def check_login(value: cst.BaseExpression, kind: str | None, tree: Tree) -> Answer:
    """What becomes of a login, of which the type checker says what it is."""
    if dotted_name(value) is not None:
        found = named_pair(value, kind, _NAMED_PAIR, tree)
        return found if isinstance(found, Refusal) else (PASSED, [_LETTERS_NOTE])
    pair = visible_pair(value)
    made_by = imported_name(tree, value.func) if isinstance(value, cst.Call) else None
    if len(pair) != 2 or not (isinstance(value, cst.Tuple) or made_by in {BASIC, DIGEST}):
        return Refusal("auth= is no user and password that can be seen")
    if not all(is_pure(one) for one in pair):
        return Refusal("auth= holds something with effects")
    if not all("".join(literal_parts(one)).isascii() for one in pair):
        return Refusal("auth= holds letters beyond ASCII, which httpx sends as UTF-8")
    is_plain = all(isinstance(one, cst.SimpleString) for one in pair)
    notes = [] if is_plain else [_LETTERS_NOTE]
    if isinstance(value, cst.Tuple):
        return PASSED, notes
    return Login("DigestAuth" if made_by == DIGEST else "BasicAuth"), notes
