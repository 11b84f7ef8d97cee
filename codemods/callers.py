"""Who calls a function: what unresolved calls mean by the types that flow, and whether all calls are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from codemods.entries import EntryFinder
from codemods.facts import values
from codemods.facts.awaitables import Classes
from codemods.facts.call_arguments import CallArguments
from codemods.facts.flow import Flow, followed
from codemods.facts.graph import ByName, CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.kinds import is_partly_known
from codemods.mentions import MentionFinder, Sources
from codemods.model import Span

_MAKES_CLASSES = re.compile(
    r"__subclasses__|__init_subclass__"
    r"|^(?![ \t]*(?:async[ \t]+)?def\b)[^\n]*(?:\breturn|=|[(,\[])[ \t]*cls[ \t]*(?:[,)\]]|$)",
    re.M,
)
"""Where classes are handed on without being named, to be made elsewhere."""
_MAKES_ITSELF = re.compile(r"\bcls\s*\(|__class__\s*\(|\btype\s*\(\s*\w+\s*\)\s*\(")
"""Where a class, or one that derives from it, makes an instance without naming it."""


class Callers:
    """Follows types into parameters and attributes, as far as nothing unseen can put something else there."""

    def __init__(
        self,
        graph: CallGraph,
        by_name: ByName,
        inheritance: Inheritance,
        sources: Sources,
        entries: EntryFinder,
        mentions: MentionFinder,
        types_of: Callable[[str], Mapping[Span, str]],
        classes: Classes,
        handed: Callable[[Function], Mapping[str, str]],
        decoders: Container[str],
    ) -> None:
        """`types_of` gives the types of the expressions of a file, `handed` those of what a framework gives to the
        parameters of a function, by name; `decoders` are functions that give plain data."""
        self._graph = graph
        self._by_name = by_name
        self._sources = sources
        self._entries = entries
        self._mentions = mentions
        self._types_of = types_of
        self._classes = classes
        self._handed = handed
        self._decoders = decoders
        self._kin = {name for family in inheritance.families for name in family}
        self._makes_classes = any(_MAKES_CLASSES.search(text.lines.text) for text in sources.texts.values())

    def followed(self, names: Container[str]) -> CallGraph:
        """The graph with the calls that may run some functions and whose receiver only the flow of types knows."""
        flow = self._flow()
        wanted = {last_name(one.name) for one in self._graph.functions if one.name in names}
        found = followed(self._graph, self._sources.texts, wanted, self._is_partly_known, flow)
        if not found:
            return self._graph
        calls = tuple(found.get((one.path, one.span, one.kind), one) for one in self._graph.calls)
        return replace(self._graph, calls=calls)

    def _flow(self) -> Flow:
        return Flow(
            self._graph,
            self._sources.texts,
            self._types_of,
            self.has_unseen,
            self._mentions.is_opaque,
            self._classes.members,
            self._handed,
            self._decoders,
        )

    def with_values(self, names: Iterable[str]) -> CallGraph:
        """The graph with the calls that run some functions by their values."""
        project = values.Project(
            texts=self._sources.texts,
            types_of=self._types_of,
            unread_with=self._mentions.unread_with,
            is_open=self.has_unseen,
            is_opaque=self._mentions.is_opaque,
            argument=CallArguments(self._sources.texts, self._types_of).argument,
        )
        return values.with_values(self._graph, names, project)

    def _is_partly_known(self, path: str, span: Span) -> bool:
        kind = self._types_of(path).get(span)
        return kind is not None and is_partly_known(kind, self._mentions.project)

    def has_unseen(self, function: Function) -> bool:
        """Whether anything may call a function besides the resolved calls, or those of what it takes the place of."""
        if self._mentions.decorators.has(function.name):
            return self._mentions.decorators.otherwise(function.name) is not None
        name = last_name(function.name)
        owner = self._by_name.classes.get(function.owner or "")
        is_init = name == "__init__"
        is_special = name.startswith("__") and name.endswith("__")
        if not is_init and (is_special or function.overrides_foreign is not None):
            return True
        if name.startswith("__") and not is_special and self._is_asked_for_by_its_full_name(function):
            return True
        if function.path in self._sources.outside or function.path in self._sources.stubbed:
            return True
        if function.name in self._entries.named or self._by_name.is_defined_again(function.name):
            return True
        if function.name in self._kin or foreign_caller(function, owner) is not None:
            return True
        if owner is not None and (self._mentions.is_opaque(owner) or (is_init and self._is_made_unseen(owner))):
            return True
        if any(not self._is_harmless(one) for one in self._by_name.references(function.name)):
            return True
        self._mentions.look_for({function.name})
        return self._mentions.why(function) is not None

    def _is_asked_for_by_its_full_name(self, function: Function) -> bool:
        """Whether something names a private method of a class as Python does for everyone else: `_Class__method`."""
        owner = re.split(r"[.:]", function.owner or "")[-1].lstrip("_")
        full = f"_{owner}{last_name(function.name)}"
        return any(full in text.lines.words for text in self._sources.texts.values())

    def _is_made_unseen(self, one: ClassFact) -> bool:
        """Whether a class may be made by code that does not name it."""
        lines = self._sources.texts[one.path].lines
        before = lines.line(one.span.line - 1).lstrip() if one.span.line > 1 else ""
        related = [
            self._by_name.classes[name] for name in self._mentions.related[one.name] if name in self._by_name.classes
        ]
        return (
            bool(one.foreign_bases)
            or before.startswith(("@", ")"))
            or self._makes_classes
            or any(self._mentions.is_class_mentioned(re.split(r"[.:]", base.name)[-1]) for base in related)
            or any(_MAKES_ITSELF.search(self._sources.texts[base.path].lines.text) for base in related)
        )

    def _is_harmless(self, reference: Reference) -> bool:
        """Whether a use of a class only derives from it or asks for it, and does not hand it on."""
        lines = self._sources.texts[reference.path].lines
        if not all(last_name(target) == "__init__" for target in reference.targets):
            return False
        before = lines.line(reference.span.line)[: reference.span.column - 1]
        after = lines.line(reference.span.end_line)[reference.span.end_column - 1 :]
        return (
            re.match(r"\s*class\s+\w+\s*\([\w.,\s]*\Z", before) is not None
            or re.search(r"\b(?:isinstance|issubclass)\s*\([^()]*,\s*\(?[\w.,\s]*\Z", before) is not None
            or after.startswith(".")
        )


def foreign_caller(function: Function, owner: ClassFact | None) -> str | None:
    """What outside the project may call a function that nothing in the project calls."""
    if owner is not None and owner.foreign_bases:
        return owner.foreign_bases[0]
    return "a test runner" if is_test(function, owner) or _is_in_test_class(owner) else None


def is_test(function: Function, owner: ClassFact | None) -> bool:
    """Whether a test runner calls a function because of its name, and the names of its class and its file."""
    name = last_name(function.name)
    in_test_file = Path(function.path).name.startswith(("test_", "conftest")) or function.path.endswith("_test.py")
    in_tests = in_test_file or _is_in_test_class(owner)
    return in_tests and "<locals>" not in function.name and name.startswith(("test", "setup", "teardown"))


def _is_in_test_class(owner: ClassFact | None) -> bool:
    return owner is not None and owner.name.rpartition(":")[2].startswith("Test")
