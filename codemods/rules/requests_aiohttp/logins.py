"""`auth=`: a login becomes a header, and one by digest a middleware.

Source: the verified table, section 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.evaluation import is_pure
from codemods.rules.requests_calls.adjustments import (
    Adjustment,
    Answer,
    NameOf,
    called,
    dotted,
    keyword_argument,
)
from codemods.rules.requests_calls.expressions import imported_name
from codemods.rules.requests_calls.logins import BASIC, DIGEST, named_pair, visible_pair
from codemods.rules.rule import Refusal
from codemods.tree import Tree, dotted_name

_DIGEST_NOTE = "DigestAuthMiddleware came with aiohttp 3.12"
_USER_NOTE = "encode_basic_auth() came with aiohttp 3.14, and takes no user but a text without a colon"


@dataclass(frozen=True, slots=True)
class Login(Adjustment):
    """A user and a password: one of the headers holds them."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        headers = cst.Dict([self.header(argument, name_of)])
        return [argument.with_changes(keyword=cst.Name("headers"), value=headers)]

    def header(self, argument: cst.Arg, name_of: NameOf) -> cst.BaseDictElement:
        """The header, as an element of a display."""
        return _header(map(cst.Arg, visible_pair(argument.value)), name_of)

    def gone(self, argument: cst.Arg) -> Iterator[cst.BaseExpression]:
        yield from _gone(argument)


@dataclass(frozen=True, slots=True)
class NamedLogin(Login):
    """The same behind a name."""

    may_be_none: bool
    """Whether there may be none."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        if not self.may_be_none:
            return Login.written(self, argument, name_of)
        headers = cst.IfExp(argument.value, cst.Dict([self._always(argument, name_of)]), cst.Name("None"))
        return [argument.with_changes(keyword=cst.Name("headers"), value=headers)]

    def header(self, argument: cst.Arg, name_of: NameOf) -> cst.BaseDictElement:
        made = self._always(argument, name_of)
        if not self.may_be_none:
            return made
        either = cst.IfExp(argument.value, cst.Dict([made]), cst.Dict([]))
        return cst.StarredDictElement(either.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))

    def _always(self, argument: cst.Arg, name_of: NameOf) -> cst.DictElement:
        return _header([cst.Arg(argument.value, star="*")], name_of)


@dataclass(frozen=True, slots=True)
class DigestLogin(Adjustment):
    """The same by digest."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        middleware = called(dotted(f"{name_of('aiohttp')}.DigestAuthMiddleware"), *visible_pair(argument.value))
        only = cst.Tuple([cst.Element(middleware, comma=cst.Comma())])
        return [keyword_argument("middlewares", only).with_changes(comma=argument.comma)]

    def gone(self, argument: cst.Arg) -> Iterator[cst.BaseExpression]:
        yield from _gone(argument)


def _header(login: Iterable[cst.Arg], name_of: NameOf) -> cst.DictElement:
    encode = dotted(f"{name_of('aiohttp')}.encode_basic_auth")
    made = cst.Call(encode, [*login, cst.Arg(cst.SimpleString('"latin1"'))])
    return cst.DictElement(cst.SimpleString('"Authorization"'), made)


def _gone(argument: cst.Arg) -> Iterator[cst.BaseExpression]:
    if isinstance(argument.value, cst.Call):
        yield argument.value.func


_NAMED_PAIR = re.compile(r"tuple\[(?:str|LiteralString|Literal\['[^']*'\]), (?:str|LiteralString|None| \| )+\]")
"""A password that is None is sent as the text None by both libraries, and a user is not."""


def check_login(value: cst.BaseExpression, kind: str | None, tree: Tree) -> Answer:
    """What becomes of a login, of which the type checker says what it is."""
    if dotted_name(value) is not None:
        found = named_pair(value, kind, _NAMED_PAIR, tree)
        return found if isinstance(found, Refusal) else (NamedLogin(found.may_be_none), [_USER_NOTE])
    pair = visible_pair(value)
    made_by = imported_name(tree, value.func) if isinstance(value, cst.Call) else None
    if len(pair) != 2 or not (isinstance(value, cst.Tuple) or made_by in {BASIC, DIGEST}):
        return Refusal("auth= is no user and password that can be seen")
    if not all(is_pure(one) for one in pair):
        return Refusal("auth= holds something with effects")
    return (DigestLogin(), [_DIGEST_NOTE]) if made_by == DIGEST else (Login(), [_USER_NOTE])
