"""What becomes of handlers around requests that another library makes.

A library says what it raises with `Exceptions`; `judge` and `rewritten` go by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import libcst as cst

from codemods.facts.handlers import Clause
from codemods.facts.syntax import ImportedNames
from codemods.model import Guard, Question, ToldApart
from codemods.rules.requests_calls.caught import use_of_exception
from codemods.rules.requests_calls.handling import ResponseUse
from codemods.rules.requests_calls.questions import Answers, is_certain_of_response, questions_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree

LIBRARY = "requests"

EXCEPTIONS = frozenset(
    {
        *("RequestException", "ConnectionError", "Timeout", "ConnectTimeout", "ReadTimeout", "HTTPError"),
        *("TooManyRedirects", "SSLError", "ProxyError", "InvalidSchema", "MissingSchema", "InvalidURL"),
        *("ChunkedEncodingError", "ContentDecodingError", "JSONDecodeError", "InvalidJSONError", "InvalidHeader"),
        *("InvalidProxyURL", "RetryError", "StreamConsumedError", "UnrewindableBodyError", "URLRequired"),
    }
)
"""The names of requests' exceptions."""

DECODING_ERROR = "json.JSONDecodeError"

_MESSAGE_NOTE = "the message of the exception that a handler shows is another one"
_OF_DECODING = frozenset({"JSONDecodeError", "InvalidJSONError"})
_LIBRARIES = frozenset({"urllib3", "socket", "ssl", "http", "json", "simplejson", "urllib", "aiohttp", "asyncio"})
_ALL_OF_THEM = frozenset({"RequestException", "Exception", "BaseException"})
"""The classes that catch all that a request raises."""


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a library raises, against what requests does."""

    client: str
    """The library's name."""
    translations: Mapping[str, tuple[str, ...]]
    """What it raises in place of requests' exceptions, by the last part of their names."""
    notes: Mapping[str, str]
    """How a handler for a class differs, by the last part of its name."""
    different: frozenset[str]
    """Built-in classes of which the two libraries raise different members."""

    answers: Answers
    """What they answer when a handler asks them."""

    @property
    def all_of_them(self) -> tuple[str, ...]:
        """The classes that hold whatever it raises, other than for decoding."""
        return self.translations["RequestException"]

    def judge(self, clause: Clause, path: str, tree: Tree) -> Guard | None:
        """What a clause in a file means for requests under it; None when it catches the same before and after."""
        effects = [self._effect(kind) for kind in clause.kinds]
        use = use_of_exception(clause.handler)
        catches_all = set(effects) <= {_Effect.NONE, _Effect.BROAD}
        catches_library = any((kind or "").rpartition(".")[2] in _ALL_OF_THEM for kind in clause.kinds)
        is_final = catches_library and clause.handler is not None and not use.may_come_again
        looked_into = use.looked_into or _told_by_others(use.told_by, tree)
        is_alike = catches_all and looked_into is None and use.handed_on is None and not (use.asked or use.told_by)
        if set(effects) <= {_Effect.NONE} or (is_alike and not is_final):
            return None
        is_rewritten = not {_Effect.RENAMED, _Effect.WIDENED}.isdisjoint(effects)
        refusal: str | None = None
        if _Effect.UNLIKE in effects or (is_rewritten and clause.handler is None):
            refusal = f"catches exceptions that {self.client} does not raise"
        elif looked_into is not None:
            refusal = f"looks into the exception ({looked_into})"
        elif use.handed_on is not None and not catches_all:
            refusal = f"hands the exception on ({use.handed_on})"
        questions = () if refusal is not None else self._questions(clause, use.asked, tree)
        if isinstance(questions, Refusal):
            attribute = cst.ensure_type(tree.path(use.asked[0])[-2], cst.Attribute).attr.value
            refusal = f"looks into the exception ({use.asked[0].value}.{attribute}): {questions.reason}"
            questions = ()
        kinds = tuple(kind or "" for kind in clause.kinds)
        last_parts = [kind.rpartition(".")[2] for kind in kinds]
        notes = [self.notes[last] for last in last_parts if last in self.notes]
        where = f"the handler of {path}:{clause.span.line}"
        handed_on = [] if use.handed_on is None else [f"{use.handed_on} in {where} gets an exception of {self.client}"]
        return Guard(
            path=path,
            span=clause.span,
            text=clause.text,
            kinds=kinds,
            library=LIBRARY,
            refusal=refusal,
            is_rewritten=is_rewritten,
            minds_decoding=_Effect.DECODING in effects or not _OF_DECODING.isdisjoint(last_parts),
            notes=(
                *notes,
                *self._notes_of_questions(questions, last_parts),
                *([_MESSAGE_NOTE] if use.is_shown and not catches_all else []),
                *handed_on,
            ),
            is_final=is_final,
            questions=questions,
        )

    def _questions(self, clause: Clause, names: Sequence[cst.Name], tree: Tree) -> tuple[Question, ...] | Refusal:
        """What a clause asks of the response and the request of its exception."""
        if not names or clause.handler is None:
            return ()
        if not all(is_of_requests(kind or "") for kind in clause.kinds):
            return Refusal("it may be one that is none of requests")
        last_parts = {(kind or "").rpartition(".")[2] for kind in clause.kinds}
        if "TooManyRedirects" in last_parts:
            return Refusal(f"a redirect loop comes without the response of the last redirect in {self.client}")
        questions = questions_of(tree, names, self.answers)
        if isinstance(questions, Refusal) or last_parts == {"HTTPError"}:
            return questions
        if not is_certain_of_response(tree, clause.handler, questions):
            return Refusal("only some of those that are caught have a response, and no test comes before")
        return questions

    def _notes_of_questions(self, questions: Sequence[Question], last_parts: Sequence[str]) -> Iterator[str]:
        """How the answers differ."""
        if questions:
            of_kinds = self.answers.notes_of_kinds
            yield from dict.fromkeys(of_kinds[last] for last in last_parts if last in of_kinds)
        uses = dict.fromkeys(ResponseUse(one.asks) for one in questions)
        yield from dict.fromkeys(self.answers.notes[use] for use in uses if use in self.answers.notes)

    def has_all(self, kinds: Iterable[str]) -> bool:
        """Whether the library raises something in place of each of requests' exceptions among some classes."""
        return all(kind.rpartition(".")[2] in self.translations for kind in kinds if is_of_requests(kind))

    def with_notes(self, told: ToldApart) -> ToldApart:
        """A place that tells exceptions by their classes, with how the new ones differ."""
        last_parts = [kind.rpartition(".")[2] for kind in told.kinds if is_of_requests(kind)]
        return replace(told, notes=tuple(self.notes[last] for last in last_parts if last in self.notes))

    def _effect(self, kind: str | None) -> _Effect:
        if kind is None:
            return _Effect.UNLIKE
        if " | " in kind:  # several classes behind one name can stay as they are, or not change at all
            is_alike = all(self._effect(one) is _Effect.NONE for one in kind.split(" | "))
            return _Effect.NONE if is_alike else _Effect.UNLIKE
        root, last = kind.partition(".")[0], kind.rpartition(".")[2]
        if kind in {"Exception", "BaseException"}:
            return _Effect.BROAD
        if kind == "ValueError" or (root == "json" and last == "JSONDecodeError"):
            return _Effect.DECODING
        if kind == "OSError":
            return _Effect.WIDENED
        if root == LIBRARY and last in self.translations:
            return _Effect.RENAMED
        is_alike = kind not in self.different and root not in {LIBRARY, self.client, *_LIBRARIES}
        return _Effect.NONE if is_alike and ("." not in kind or last not in EXCEPTIONS) else _Effect.UNLIKE

    def rewritten(
        self,
        node: cst.BaseExpression,
        kinds: Sequence[str],
        name_of: Callable[[str], str],
        *,
        keeps_old: bool,
        decodes: bool,
    ) -> cst.BaseExpression:
        """The expression of a handler's exceptions once the library makes requests under it.

        `kinds` are the classes it names, in order; `name_of` gives a module's name in the file. `keeps_old` says that
        requests' own exceptions may still be raised, `decodes` that a body is decoded.
        """
        made: dict[str, cst.BaseExpression] = {}
        for part, kind in zip(parts_of(node), kinds, strict=True):
            if keeps_old or not is_of_requests(kind):
                made.setdefault(kind, part)
            for name in self._successors(kind, decodes):
                module, _, last = name.rpartition(".")
                made.setdefault(name, cst.Attribute(cst.Name(name_of(module)), cst.Name(last)))
        values = list(made.values())
        if len(values) == 1:
            return values[0].with_changes(lpar=node.lpar, rpar=node.rpar)
        elements = [cst.Element(value) for value in values]
        if isinstance(node, cst.Tuple):
            return node.with_changes(elements=elements)
        return cst.Tuple(elements)

    def _successors(self, kind: str, decodes: bool) -> Iterator[str]:
        """The classes that come in the place of one, or beside it."""
        names: tuple[str, ...] = ()
        if is_of_requests(kind):
            names = self.translations[kind.rpartition(".")[2]]
        elif kind == "OSError":
            names = self.all_of_them
        yield from names
        if decodes and names == self.all_of_them:
            yield DECODING_ERROR


def _told_by_others(calls: Sequence[cst.Call], tree: Tree) -> str | None:
    """The first call that tells an exception by other classes than those of requests, as text."""
    if not calls:
        return None
    imports = ImportedNames(tree)
    for call in calls:
        kinds = [imports.resolve(one) or "" for one in parts_of(call.args[-1].value)]
        if len(call.args) != 2 or not all(map(is_of_requests, kinds)):
            return tree.lines.slice(tree.span(call))
    return None


class _Effect(Enum):
    """What the change of libraries does to a handler for a class."""

    NONE = auto()
    RENAMED = auto()
    """The class is of requests: classes of the library take its place."""
    WIDENED = auto()
    """The class is a base of requests' exceptions: classes of the library come beside it."""
    DECODING = auto()
    """It catches errors of decoding, which both libraries raise alike."""
    BROAD = auto()
    """It catches everything."""
    UNLIKE = auto()
    """It catches other things than before, and nothing can be done about that."""


def parts_of(node: cst.BaseExpression) -> Sequence[cst.BaseExpression]:
    """The expressions of the classes that a handler's expression names."""
    return [element.value for element in node.elements] if isinstance(node, cst.Tuple) else [node]


def is_of_requests(kind: str) -> bool:
    """Whether a class is one of requests' exceptions."""
    return kind.startswith(f"{LIBRARY}.")
