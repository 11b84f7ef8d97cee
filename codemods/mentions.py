"""What may mean a function of the project: places that call, hand on or look up something of its name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.entries import Scripts
from codemods.facts.arguments import accepts, arguments_in, closing
from codemods.facts.decorator_uses import DecoratorUses
from codemods.facts.flow import receiver_of
from codemods.facts.graph import ByName, Call, CallGraph, ClassFact, DecoratorEffect, Function
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import Kind
from codemods.facts.lookups import HOOKS, looked_up_names
from codemods.facts.texts import Text
from codemods.facts.unresolved import (
    Mention,
    assigned_attributes,
    called_names,
    unresolved_calls,
    unresolved_mentions,
)
from codemods.facts.unseen import unseen_calls
from codemods.model import Span
from codemods.planning.boundaries import keeps_function

_FINDS_BY_TEXT = re.compile(
    r"\b(?:globals|locals|vars|eval|exec|attrgetter|__import__)\s*\(|\b__dict__\b"
    r"|\b(?:import_module|import_string|import_object|load_object|locate|entry_points|modules)\b(?!\s*=[^=])"
    r"|\bgetattr\s*\((?!\s*[\w.]+\s*,\s*[\"'])"
)
"""What may give a class whose name is a text of the project; `entry_points=` of a `setup.py` tells of such texts."""


_IMPORTED = re.compile(r"^[ \t]*import[ \t]+(?P<module>[\w.]+)(?:[ \t]+as[ \t]+(?P<alias>\w+))?[ \t]*(?:#.*)?$", re.M)


def _imported_from_elsewhere(text: str, project: Container[str]) -> Iterator[str]:
    """The names that `import` statements of their own bind to modules from elsewhere."""
    for match in _IMPORTED.finditer(text):
        first = match["module"].partition(".")[0]
        if first not in project:
            yield match["alias"] or first


@dataclass(frozen=True, slots=True)
class Sources:
    """The project's texts, and those that could not be read."""

    texts: Mapping[str, Text]
    """By file name."""
    unread: Mapping[str, bytes]
    """The bytes of files that the checker did not see: what they call is unknown."""
    outside: frozenset[str]
    """Files that were not given and are never changed."""
    scripts: Scripts
    """What the project's metadata names."""
    stubbed: frozenset[str]
    """Files with a stub beside them: calls of them resolve to the stub."""


class MentionFinder:
    """Finds the places, for the functions that are asked about, and says which function each can mean."""

    def __init__(
        self, graph: CallGraph, by_name: ByName, sources: Sources, types_of: Callable[[str], Mapping[Span, str]]
    ) -> None:
        """`types_of` gives the types of the expressions of a file."""
        self._graph = graph
        self._sources = sources
        self._types_of = types_of
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        self._prefixes: list[Mention] = []
        self._looked_for: set[str] = set()
        self._mentioned_classes: dict[str, bool] = {}
        self._unread_words = {name: set(re.findall(rb"\w+", content)) for name, content in sources.unread.items()}
        self._by_name = by_name
        self.decorators = DecoratorUses(graph, sources.texts)
        self.related = _related_classes(graph)
        """For each class those that can have an instance in common with it."""
        self._library_names: dict[str, frozenset[str]] = {}
        self.project = {one.name.partition(":")[0].partition(".")[0] for one in graph.functions}
        """The top-level names of the project's modules."""
        self._dotted_classes: dict[str, list[ClassFact]] = defaultdict(list)
        for one in graph.classes:
            module, _, qualname = one.name.partition(":")
            # how the checker writes classes within others and within functions is left open
            for name in {qualname.replace(".<locals>", ""), qualname.rpartition(".")[2]}:
                self._dotted_classes[f"{module}.{name}"].append(one)
        self._named_classes: dict[str, list[str]] = defaultdict(list)
        for one in graph.classes:
            self._named_classes[re.split(r"[.:]", one.name)[-1]].append(one.name)
        self._methods: dict[str, list[str]] = defaultdict(list)
        for function in graph.functions:
            if function.owner is not None:
                self._methods[function.owner].append(function.name)
        self._class_at: dict[tuple[str, int | None], str] = {
            (one.path, one.span.line): one.name for one in graph.classes
        }

    def is_of_a_library(self, path: str, span: Span) -> bool:
        """Whether an expression starts with a name that the file only imports from elsewhere than the project."""
        text = self._sources.texts[path]
        if path not in self._library_names:
            self._library_names[path] = frozenset(_imported_from_elsewhere(text.lines.text, self.project))
        first = re.match(r"\w*", text.lines.slice(span))
        return first is not None and first[0] in self._library_names[path]

    def look_for(self, functions: Container[str]) -> None:
        """Looks for everything that may call some functions and only has their names, from now on."""
        fresh = [
            one
            for one in self._graph.functions
            if one.name in functions and last_name(one.name) not in self._looked_for
        ]
        self._looked_for |= {last_name(one.name) for one in fresh}
        for mention in self._mentioned(fresh) if fresh else ():
            if mention.is_prefix:
                self._prefixes.append(mention)
            else:
                self._mentions[mention.name].append(mention)

    def _mentioned(self, functions: Sequence[Function]) -> Iterator[Mention]:
        """What may call functions; the plainest reasons come first."""
        names = frozenset(last_name(one.name) for one in functions)
        methods = frozenset(last_name(one.name) for one in functions if one.owner is not None)
        texts = self._sources.texts
        yield from self._unresolved_calls(names)
        followed_calls = (
            (one.path, receiver_of(one, texts[one.path].lines)) for one in self._graph.calls if one.is_by_flow
        )
        known = {(path, place[0].end_line, place[0].end_column) for path, place in followed_calls if place is not None}
        yield from unresolved_mentions(texts, names, self.project, self._types_of, known)
        yield from unseen_calls(self._call_ends, texts, names, self._types_of)
        yield from assigned_attributes(texts, methods)
        yield from looked_up_names(texts, names, self.project, self._types_of)

    def _unresolved_calls(self, names: frozenset[str]) -> Iterator[Mention]:
        for name in sorted(names):
            calls, texts = self._unresolved.get(name, ()), self._sources.texts
            yield from unresolved_calls(calls, texts, frozenset({name}), self.project)

    @cached_property
    def _call_ends(self) -> Set[tuple[str, int, int]]:
        return {(call.path, call.span.end_line, call.span.end_column) for call in self._graph.calls}

    @cached_property
    def _unresolved(self) -> Mapping[str, Sequence[Call]]:
        """The calls without targets, by the names that they may call."""
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self._graph.calls:
            if not call.is_resolved and not call.targets:
                for name in called_names(self._sources.texts[call.path].lines.slice(call.span)):
                    found[name].append(call)
        return found

    def is_class_mentioned(self, name: str) -> bool:
        """Whether a class of a name may be made in ways that cannot be followed: by its name as text, say."""
        if name not in self._mentioned_classes:
            texts, names = self._sources.texts, frozenset({name})
            # what a function is annotated to return makes nothing
            path = r"(?:[\w.:]*[.:])" + ("?" if self._finds_by_text else "")
            as_text = re.compile(rf"(?<!->)(?<!-> )[\"']{path}{re.escape(name)}[\"']")
            self._mentioned_classes[name] = (
                any(as_text.search(text.lines.text) for text in texts.values())
                or any(re.search(rb"\b" + name.encode() + rb"\b", content) for content in self._sources.unread.values())
                or any(True for _ in self._unresolved_calls(names))
                or any(True for _ in unresolved_mentions(texts, names, self.project, self._types_of, ()))
                or any(True for _ in unseen_calls(self._call_ends, texts, names, self._types_of))
            )
        return self._mentioned_classes[name]

    @cached_property
    def _finds_by_text(self) -> bool:
        return any(
            text.lines.is_code(match.start())
            for text in self._sources.texts.values()
            for match in _FINDS_BY_TEXT.finditer(text.lines.text)
        )

    def meaning(self, function: Function) -> Iterator[Mention]:
        """The mentions that may mean a function."""
        name = last_name(function.name)
        for mention in (*self._prefixes, *self._mentions[name]):
            if (not mention.is_prefix or name.startswith(mention.name)) and self._may_mean(mention, function):
                yield mention

    def is_mocked(self, function: Function) -> bool:
        """Whether a test may put a mock in the place of a function, and look at what it is called with."""
        name = last_name(function.name)
        return any(
            one.is_mock and self._may_mean(replace(one, is_mock=False), function) for one in self._mentions[name]
        )

    def why(self, function: Function) -> str | None:
        """The first place that may mean a function, in words; None when there is none."""
        return self.unread(function) or next((one.why for one in self.meaning(function)), None)

    def unread(self, function: Function) -> str | None:
        """The first file that may mean a function and could not be read, in words."""
        path = self.unread_with(last_name(function.name))
        return None if path is None else f"{path}, which could not be read, may call it"

    def unread_with(self, name: str) -> str | None:
        """The first file that holds a word and could not be read."""
        return next((path for path, words in sorted(self._unread_words.items()) if name.encode() in words), None)

    def _may_mean(self, mention: Mention, function: Function) -> bool:
        """Whether a mention can mean a function of its name at all."""
        asked = self._class_at.get((mention.path, mention.class_line))
        if asked is not None and not self._is_of(function, asked) and not self._hands_on(asked):
            return False
        if mention.is_bare and function.owner is not None and function.path != mention.path:
            return False  # only a class's own body calls its method by the name alone
        if mention.is_of_instance and function.owner is None:
            return False
        if mention.is_mock and not any(one.effect is DecoratorEffect.HANDS_ON for one in function.decorators):
            return False  # a wrapper that hands a coroutine on is no coroutine function itself
        if not mention.is_bare and function.owner is None and not function.parent.endswith(":"):
            return False  # a function within a function is no attribute of anything until it is used as a value
        if not all(keeps_function(one) for one in function.decorators):
            return True  # what a decorator made of it, a command, say, may be anywhere and take anything
        if mention.arguments is not None and function.parameters is not None:
            is_method = function.owner is not None
            if not accepts(function.parameters, mention.arguments, is_method=is_method):
                return False
        return self._is_held_by(mention.holder, function) and (
            mention.kinds is None or any(self._may_have(kind, function) for kind in mention.kinds)
        )

    def _is_of(self, function: Function, class_name: str) -> bool:
        """Whether an instance of a class can have a method."""
        return class_name in self.related.get(function.owner or "", ())

    def _hands_on(self, class_name: str) -> bool:
        """Whether instances of a class may be asked for what others have."""
        line = (class_name, *self._by_name.classes[class_name].mro)
        return any(last_name(name) in HOOKS for one in line for name in self._methods.get(one, ()))

    def _is_held_by(self, holder: str | None, function: Function) -> bool:
        """Whether a dotted path whose last but one name is `holder` can lead to a function."""
        named = self._named_classes.get(holder or "", ())
        if not named or function.name.partition(":")[0].rpartition(".")[2] == holder:
            return True  # a module, or a class under another name
        return any(self._is_of(function, one) for one in named)

    def _may_have(self, kind: Kind, function: Function) -> bool:
        """Whether something of a kind can have a function as an attribute."""
        if kind.is_module:
            return function.owner is None and kind.name.partition(".")[0] in self.project
        own = self._dotted_classes.get(kind.name, ())
        if own:
            return any(self.is_opaque(one) or self._is_of(function, one.name) for one in own)
        if kind.name.partition(".")[0] in self.project:
            return True
        if not kind.is_class and not kind.name.startswith("builtins."):
            return True  # it may hand on to something else, or be what a Protocol asks for
        owner = self._by_name.classes.get(function.owner or "")
        return owner is not None and (kind.name in owner.foreign_bases or self._has_unknown_base(owner))

    def is_opaque(self, one: ClassFact) -> bool:
        """Whether instances of a class can have attributes that the class does not tell of."""
        own = {last_name(name) for line in (one.name, *one.mro) for name in self._methods.get(line, ())}
        return (
            one.is_protocol
            or not HOOKS.isdisjoint(own | one.foreign_members)
            or self._has_unknown_base(one)
            or any(
                self._has_unknown_base(self._by_name.classes[base]) for base in one.mro if base in self._by_name.classes
            )
        )

    def _has_unknown_base(self, one: ClassFact) -> bool:
        """Whether more stands among the bases of a class than the checker resolved, as its text says."""
        lines = self._sources.texts[one.path].lines
        end = lines.offset(one.span.end_line, one.span.end_column)
        opening = re.compile(r"\s*(?:\[[^\]]*\]\s*)?\(").match(lines.text, end)
        if opening is None:
            return False
        if lines.masked is None:
            return True
        outline = lines.masked.outline
        bases = arguments_in(outline, lines.text, opening.end(), closing(outline, opening.end() - 1) or opening.end())
        return bases is None or len(bases) > one.resolved_bases


def _related_classes(graph: CallGraph) -> Mapping[str, Set[str]]:
    """For each class those that can have an instance in common with it: through any descendant."""
    related: dict[str, set[str]] = defaultdict(set)
    for one in graph.classes:
        line = (one.name, *one.mro)
        for name in line:
            related[name].update(line)
    return related
