"""What an expression can be, by its text and by the types of what it is made of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Protocol

from codemods.facts.arguments import Argument, arguments_in, closing
from codemods.facts.bodies import Place
from codemods.facts.graph import Call, CallKind
from codemods.facts.kinds import UNKNOWN, kinds_of
from codemods.facts.plain_data import DECODER_OPTIONS, GIVING, KEEPING, PLAIN, TUNING
from codemods.facts.statements import bracket_of, flat, opening_of
from codemods.facts.texts import Text
from codemods.model import Span

Value = frozenset[str] | None
"""The classes that an object can be an instance of, those that derive from them included; None when it may be
anything. What is None has no attributes that matter, and counts for nothing."""

_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_LITERAL = re.compile(r"(?:True|False|\d[\w.]*)\Z")
_LITERALS = frozenset(f"builtins.{name}" for name in ("bool", "int", "float", "complex", "str", "bytes"))
_PLAIN_AS_WRITTEN = re.compile(r"(?:\[\s*\]|\{\s*\}|\(\s*\)|None|True|False|\d[\w.]*|\"[^\"\\\n]*\"|'[^'\\\n]*')\Z")
_OR_ELSE = re.compile(r"(?s)(?P<one>.+?)\s+if\s.+\selse\s+(?P<other>.+)\Z")
_ANY_OF = re.compile(r"(?s)(?P<one>.+?)\s+(?:or|and)\s+(?P<other>.+)\Z")
_AWAITED = re.compile(r"await\s+")
METHOD = re.compile(r"(?s)(?P<receiver>.*[^\s.])\s*\.\s*(?P<name>[^\W\d]\w*)\s*\Z")
"""An attribute of an expression, in an outline."""


class Known(Protocol):
    """What is known besides the text."""

    def named(self, type_: str | None) -> Value:
        """The classes that a type names, where it names all, and each for certain."""

    def variable(self, caller: str, name: str, *, is_untyped: bool) -> Value:
        """What a name can be in a function; `is_untyped` says that the checker knows nothing of it at the place."""

    def attribute(self, value: frozenset[str], name: str) -> Value:
        """What an attribute of a value can be."""

    def result(self, function: str, *, is_awaited: bool) -> Value:
        """What a call of a function of the project can give."""

    def result_of_method(self, value: frozenset[str], name: str) -> Value:
        """What a call of a method of a value can give."""


class ExpressionValues:
    """Reads expressions."""

    def __init__(
        self,
        calls: Iterable[Call],
        texts: Mapping[str, Text],
        types_of: Callable[[str], Mapping[Span, str]],
        decoders: Container[str],
        known: Known,
    ) -> None:
        """`types_of` gives the types of the expressions of a file, `decoders` are functions that give plain data."""
        self._texts = texts
        self._types_of = types_of
        self._decoders = decoders
        self._known = known
        self._calls: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            if call.kind is CallKind.CALL:
                self._calls[call.path].append(call)
        self._calls_at: dict[str, Mapping[Span, Call]] = {}

    def of(self, place: Place) -> Value:
        """What the expression at a place can be."""
        lines = self._texts[place.path].lines
        text = lines.text[place.start : place.end]
        if text == "None":
            return frozenset()
        if _LITERAL.match(text) or (
            lines.masked is not None and not lines.masked.outline[place.start : place.end].strip()
        ):
            return _LITERALS
        known = self._known.named(self._type(place))
        if known is not None:
            return known
        if _CHAIN.match(text):
            return self._chain(place, text)
        if lines.masked is None:
            return None
        return self._compound(place, lines.masked.outline[place.start : place.end])

    def is_typed(self, place: Place) -> bool:
        """Whether the checker knows what the expression at a place can be."""
        if self._known.named(self._type(place)) is not None:
            return True
        call = self._at(place.path).get(self._texts[place.path].lines.span(place.start, place.end))
        return (
            call is not None
            and call.is_resolved
            and not call.targets
            and all(
                one.known_as not in self._decoders and self._known.named(one.result) is not None for one in call.foreign
            )
        )

    def _type(self, place: Place) -> str | None:
        return self._types_of(place.path).get(self._texts[place.path].lines.span(place.start, place.end))

    def _part(self, place: Place, start: int, end: int) -> Value:
        """What a part of an expression can be; the offsets are those within it."""
        outline = self._texts[place.path].lines.text[place.start + start : place.start + end]
        start += len(outline) - len(outline.lstrip())
        return self.of(Place(place.path, place.caller, place.start + start, place.start + start + len(outline.strip())))

    def _compound(self, place: Place, outline: str) -> Value:
        """One of several expressions, or something that is made of another one."""
        level = flat(outline)
        either = _OR_ELSE.match(level) or _ANY_OF.match(level)
        if either is not None:
            return joined(self._part(place, *either.span("one")), self._part(place, *either.span("other")))
        awaited = _AWAITED.match(outline)
        if awaited is not None:
            inner = Place(place.path, place.caller, place.start + awaited.end(), place.end)
            return self._call(inner, outline[awaited.end() :], is_awaited=True)
        if outline.startswith("(") and closing(outline, 0) == len(outline) - 1:
            return self._part(place, 1, len(outline) - 1)
        if outline.endswith("]"):
            opening = bracket_of(outline, 0, len(outline))
            return None if not opening else _only_plain(self._part(place, 0, opening))
        return self._call(place, outline, is_awaited=False)

    def _call(self, place: Place, outline: str, *, is_awaited: bool) -> Value:
        """What a call gives, with an `await` before it or not."""
        opening = opening_of(outline, 0, len(outline))
        lines = self._texts[place.path].lines
        if not opening or lines.masked is None:
            return None
        arguments = arguments_in(lines.masked.outline, lines.text, place.start + opening + 1, place.end - 1)
        call = self._at(place.path).get(lines.span(place.start, place.end))
        callee = outline[:opening].rstrip()
        if callee in KEEPING and (call is None or not call.targets):
            return None if is_awaited else self._kept(place, arguments)
        if call is not None and call.is_resolved and (call.targets or call.foreign):
            return self._given(call, arguments, is_awaited=is_awaited)
        if is_awaited:
            return None
        if _CHAIN.match(callee):
            kinds = kinds_of(self._type(Place(place.path, place.caller, place.start, place.start + len(callee))))
            if kinds and len(kinds) == 1 and all(one.is_class for one in kinds):
                return self._known.named(next(iter(kinds)).name)
        method = METHOD.match(callee)
        if method is None:
            return None
        receiver = self._part(place, *method.span("receiver"))
        if method["name"] in GIVING and receiver is not None and receiver <= {PLAIN}:
            instead = None if arguments is None else self._all_of(place, arguments[1:])  # for a key that is missing
            return _only_plain(joined(receiver, instead))
        return None if receiver is None else self._known.result_of_method(receiver, method["name"])

    def _given(self, call: Call, arguments: Sequence[Argument] | None, *, is_awaited: bool) -> Value:
        """What a resolved call gives."""
        if arguments is None or any(one.keyword in DECODER_OPTIONS or one.stars == "**" for one in arguments):
            decoders: Container[str] = ()
        else:
            decoders = self._decoders
        value: Value = frozenset()
        for target in call.targets:
            value = joined(value, self._known.result(target, is_awaited=is_awaited))
        for one in call.foreign:
            if one.is_coroutine != is_awaited:
                return None
            given = frozenset({PLAIN}) if one.known_as in decoders else self._known.named(one.result)
            value = joined(value, given)
        return value

    def _kept(self, place: Place, arguments: Sequence[Argument] | None) -> Value:
        """What a function of Python gives that makes something of plain data alone, or of parts of it."""
        parts = [one for one in arguments or () if one.keyword not in TUNING]
        return _only_plain(self._all_of(place, parts)) if parts else None

    def _all_of(self, place: Place, arguments: Sequence[Argument]) -> Value:
        """What some arguments of the call at a place can be; those that are plain as they are written are left out."""
        value: Value = frozenset()
        for one in arguments:
            if one.stars:
                return None
            if not _PLAIN_AS_WRITTEN.match(one.text):
                value = joined(value, self.of(Place(place.path, place.caller, one.start, one.start + len(one.text))))
        return value

    def _at(self, path: str) -> Mapping[Span, Call]:
        if path not in self._calls_at:
            self._calls_at[path] = {one.span: one for one in self._calls[path]}
        return self._calls_at[path]

    def _chain(self, place: Place, text: str) -> Value:
        """A name and attributes of it."""
        name, *attributes = text.split(".")
        end = place.start + len(name)
        value = self._known.named(self._type(Place(place.path, place.caller, place.start, end)))
        if value is None:
            type_ = self._type(Place(place.path, place.caller, place.start, end))
            value = self._known.variable(place.caller, name, is_untyped=type_ in UNKNOWN)
        for attribute in attributes:
            if value is None:
                return None
            end += 1 + len(attribute)
            known = self._known.named(self._type(Place(place.path, place.caller, place.start, end)))
            value = known if known is not None else self._known.attribute(value, attribute)
        return value


def joined(one: Value, other: Value) -> Value:
    """What is one value or another."""
    return None if one is None or other is None else one | other


def _only_plain(value: Value) -> Value:
    """What is taken from a value, where that is plain data."""
    return value if value is not None and value <= {PLAIN} else None
