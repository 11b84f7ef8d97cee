"""Why functions of the closure have to stay as they are: everything that may call them and would not await it.

Joins the graph, the classes, the syntax and the texts; `codemods.planning.boundaries` says what each means.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from codemods.config import Config
from codemods.entries import EntryFinder, Scripts
from codemods.facts.arguments import accepts, arguments_in, closing
from codemods.facts.assemble import Text
from codemods.facts.flow import Flow, followed, receiver_of
from codemods.facts.graph import Call, CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.kinds import Kind, is_partly_known
from codemods.facts.lookups import looked_up_names
from codemods.facts.unresolved import (
    Mention,
    assigned_attributes,
    called_names,
    unresolved_calls,
    unresolved_mentions,
)
from codemods.facts.unseen import unseen_calls
from codemods.model import Span
from codemods.planning.boundaries import keeps_function, lock_of
from codemods.planning.facts import PlannedFunction

_MAKES_CLASSES = re.compile(
    r"__subclasses__|__init_subclass__"
    r"|^(?![ \t]*(?:async[ \t]+)?def\b)[^\n]*(?:\breturn|=|[(,\[])[ \t]*cls[ \t]*(?:[,)\]]|$)",
    re.M,
)
"""Where classes are handed on without being named, to be made elsewhere."""
_MAKES_ITSELF = re.compile(r"\bcls\s*\(|__class__\s*\(|\btype\s*\(\s*\w+\s*\)\s*\(")
"""Where a class, or one that derives from it, makes an instance without naming it."""


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What the syntax of the parsed files says of functions and classes, by name."""

    generators: set[str]
    kept: set[str]
    """Functions with a comment that asks to keep them."""
    unknown_bases: set[str]
    """Classes with a base that was not resolved."""
    rebound: set[str]
    """Functions whose name their module binds again."""
    stopping: set[str]
    """Functions that may raise StopIteration."""
    whole: dict[str, str]
    """Functions that cannot be split into a shell and a core, and why."""
    defaulted: set[str]
    """Functions that have parameters with defaults."""
    interruptible: set[str]
    """Functions that look out for KeyboardInterrupt."""
    parsed: set[str]
    """The names of the parsed files."""

    @staticmethod
    def nothing(parsed: Iterable[str]) -> Seen:
        """Nothing seen in some files."""
        return Seen(set(), set(), set(), set(), set(), {}, set(), set(), set(parsed))


class LockFinder:
    """Finds the reason, if there is one, for each function."""

    def __init__(
        self,
        graph: CallGraph,
        inheritance: Inheritance,
        sources: Sources,
        entries: EntryFinder,
        config: Config,
        types_of: Callable[[str], Mapping[Span, str]],
    ) -> None:
        """`types_of` gives the types of the expressions of a file."""
        self._graph = graph
        self._entries = entries
        self._types_of = types_of
        self._classes: dict[str, ClassFact] = {one.name: one for one in graph.classes}
        self._inheritance = inheritance
        self._sources = sources
        self._config = config
        self._references: dict[str, list[Reference]] = defaultdict(list)
        for reference in graph.references:
            for target in reference.targets:
                self._references[target].append(reference)
        self._definitions = Counter(one.name.partition("@")[0] for one in graph.functions)
        self._unread_words = {name: set(re.findall(rb"\w+", content)) for name, content in sources.unread.items()}
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        self._prefixes: list[Mention] = []
        self._looked_for: set[str] = set()
        self._mentioned_classes: dict[str, bool] = {}
        self._related = _related_classes(graph)
        self._kin = {name for family in inheritance.families for name in family}
        self._makes_classes = any(_MAKES_CLASSES.search(text.lines.text) for text in sources.texts.values())
        self._project = {one.name.partition(":")[0].partition(".")[0] for one in graph.functions}
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

    def look_for_mentions(self, functions: Container[str]) -> None:
        """Looks for everything that may call some functions and only has their names, from now on a reason."""
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
        yield from unresolved_mentions(texts, names, self._project, self._types_of, known)
        yield from unseen_calls(self._call_ends, texts, names, self._types_of)
        yield from assigned_attributes(texts, methods)
        yield from looked_up_names(texts, names, self._project, self._types_of)

    def _unresolved_calls(self, names: frozenset[str]) -> Iterator[Mention]:
        for name in sorted(names):
            calls, texts = self._unresolved.get(name, ()), self._sources.texts
            yield from unresolved_calls(calls, texts, frozenset({name}), self._project)

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

    def followed(self, names: Container[str]) -> CallGraph:
        """The graph with the calls that may run some functions and whose receiver only the flow of types knows."""
        flow = Flow(self._graph, self._sources.texts, self._types_of, self._has_unseen_callers, self._is_opaque)
        wanted = {last_name(one.name) for one in self._graph.functions if one.name in names}
        found = followed(self._graph, self._sources.texts, wanted, self._is_partly_known, flow)
        if not found:
            return self._graph
        calls = tuple(found.get((one.path, one.span, one.kind), one) for one in self._graph.calls)
        return replace(self._graph, calls=calls)

    def _is_partly_known(self, path: str, span: Span) -> bool:
        kind = self._types_of(path).get(span)
        return kind is not None and is_partly_known(kind, self._project)

    def _has_unseen_callers(self, function: Function) -> bool:
        """Whether anything may call a function besides the resolved calls."""
        name = last_name(function.name)
        owner = self._classes.get(function.owner or "")
        is_init = name == "__init__"
        if not is_init and (name.startswith("__") or function.overrides_foreign is not None):
            return True
        if function.path in self._sources.outside or function.path in self._sources.stubbed:
            return True
        if function.name in self._entries.named or self._definitions[function.name.partition("@")[0]] > 1:
            return True
        if function.name in self._kin or _foreign_caller(function, owner) is not None:
            return True
        if owner is not None and (self._is_opaque(owner) or (is_init and self._is_made_unseen(owner))):
            return True
        if any(not self._is_harmless(one) for one in self._references[function.name]):
            return True
        self.look_for_mentions({function.name})
        return self._by_mention(function) is not None

    def _is_made_unseen(self, one: ClassFact) -> bool:
        """Whether a class may be made by code that does not name it."""
        lines = self._sources.texts[one.path].lines
        before = lines.line(one.span.line - 1).lstrip() if one.span.line > 1 else ""
        related = [self._classes[name] for name in self._related[one.name] if name in self._classes]
        return (
            bool(one.foreign_bases)
            or before.startswith(("@", ")"))
            or self._makes_classes
            or any(self._is_class_mentioned(re.split(r"[.:]", base.name)[-1]) for base in related)
            or any(_MAKES_ITSELF.search(self._sources.texts[base.path].lines.text) for base in related)
        )

    def _is_class_mentioned(self, name: str) -> bool:
        """Whether a class of a name may be made in ways that cannot be followed: by its name as text, say."""
        if name not in self._mentioned_classes:
            texts, names = self._sources.texts, frozenset({name})
            as_text = re.compile(rf"[\"'](?:[\w.:]*[.:])?{re.escape(name)}[\"']")
            self._mentioned_classes[name] = (
                any(as_text.search(text.lines.text) for text in texts.values())
                or any(re.search(rb"\b" + name.encode() + rb"\b", content) for content in self._sources.unread.values())
                or any(True for _ in self._unresolved_calls(names))
                or any(True for _ in unresolved_mentions(texts, names, self._project, self._types_of, ()))
                or any(True for _ in unseen_calls(self._call_ends, texts, names, self._types_of))
            )
        return self._mentioned_classes[name]

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

    def planned(self, names: Container[str], seen: Seen) -> Iterator[PlannedFunction]:
        """Functions with their locks, as far as they are known."""
        for function in self._graph.functions:
            if function.name not in names:
                continue
            owner = self._classes.get(function.owner or "")
            runner = None if self._by_file(function, seen) else self._entries.runner_of(function, owner)
            if runner is not None and function.name in seen.defaulted:
                runner = replace(runner, is_alike=False)
            is_split = runner is not None and runner.core is not None
            yield PlannedFunction(
                name=function.name,
                path=function.path,
                line=function.span.line,
                is_async=function.is_async,
                lock=self._lock(function, owner, seen, is_split=is_split),
                is_generator=function.name in seen.generators,
                overrides=function.overrides,
                foreign_caller=_foreign_caller(function, owner),
                is_called_from_outside=function.name in self._entries.named,
                runner=runner,
                may_be_called_by=self._possible_callers(function) if is_split else frozenset(),
                catches_interrupt=function.name in seen.interruptible,
            )

    def _lock(self, function: Function, owner: ClassFact | None, seen: Seen, *, is_split: bool) -> str | None:
        if function.is_async:
            return None
        classes = (owner.name, *owner.mro) if owner is not None else ()
        by_method = is_split and self._entries.boundaries.of_method(function) is not None
        return (
            lock_of(
                function,
                boundaries=self._entries.boundaries,
                is_split=is_split,
                is_generator=function.name in seen.generators,
                has_unknown_base=any(name in seen.unknown_bases for name in classes),
                references=self._uses(function, is_split=is_split),
                keep_sync=self._config.keep_sync,
                is_kept=function.name in seen.kept,
            )
            or (None if by_method else self._inheritance.locks.get(function.name))
            or self._by_definition(function, seen)
            or self._by_file(function, seen)
            or (self._by_shape(function, seen) if is_split else self._by_mention(function))
        )

    def _uses(self, function: Function, *, is_split: bool) -> Sequence[Reference]:
        """The uses of a function as a value by which it may be called and not awaited."""
        found = self._references[function.name]
        if is_split and self._entries.wrapping(function) is not None:
            return ()  # a command, that is: who uses it in a function is among its possible callers
        return found

    def _by_shape(self, function: Function, seen: Seen) -> str | None:
        """Why a function cannot be split that would have to be."""
        if function.name in seen.whole:
            return seen.whole[function.name]
        unsound = self._entries.hindrance or self._by_unread(function)
        if unsound is not None:
            return unsound
        if function.owner is not None and function.decorators:
            return "it is a method with a decorator, which its sync shell and its async core would share"
        return None

    def _possible_callers(self, function: Function) -> frozenset[str]:
        """The functions that may call a function by its name, or use it as a value."""
        around = {self._entries.function_around(one.path, one.line) for one in self._meaning(function)}
        return self._entries.may_be_called_by(function) | {one for one in around if one is not None}

    def _by_definition(self, function: Function, seen: Seen) -> str | None:
        if function.name in seen.rebound or self._definitions[function.name.partition("@")[0]] > 1:
            return f"its name is bound more than once in {function.path}"
        if function.name in seen.stopping:
            return "it may raise StopIteration, which a coroutine cannot hand on"
        return None

    def _by_file(self, function: Function, seen: Seen) -> str | None:
        if function.path in self._sources.outside:
            return f"{function.path} is not among the given paths"
        if function.path in self._sources.stubbed:
            return f"calls of it resolve to the stub beside {function.path}, and cannot be followed"
        if function.path not in seen.parsed:
            return f"{function.path} cannot be edited"
        return None

    def _by_mention(self, function: Function) -> str | None:
        return self._by_unread(function) or next((one.why for one in self._meaning(function)), None)

    def _by_unread(self, function: Function) -> str | None:
        name = last_name(function.name)
        for path, words in sorted(self._unread_words.items()):
            if name.encode() in words:
                return f"{path}, which could not be read, may call it"
        return None

    def _meaning(self, function: Function) -> Iterator[Mention]:
        """The mentions that may mean a function."""
        name = last_name(function.name)
        for mention in (*self._prefixes, *self._mentions[name]):
            if (not mention.is_prefix or name.startswith(mention.name)) and self._may_mean(mention, function):
                yield mention

    def _may_mean(self, mention: Mention, function: Function) -> bool:
        """Whether a mention can mean a function of its name at all."""
        asked = self._class_at.get((mention.path, mention.class_line))
        if asked is not None and not self._is_of(function, asked):
            return False
        if mention.is_bare and function.owner is not None and function.path != mention.path:
            return False  # only a class's own body calls its method by the name alone
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
        return class_name in self._related.get(function.owner or "", ())

    def _is_held_by(self, holder: str | None, function: Function) -> bool:
        """Whether a dotted path whose last but one name is `holder` can lead to a function."""
        named = self._named_classes.get(holder or "", ())
        if not named or function.name.partition(":")[0].rpartition(".")[2] == holder:
            return True  # a module, or a class under another name
        return any(self._is_of(function, one) for one in named)

    def _may_have(self, kind: Kind, function: Function) -> bool:
        """Whether something of a kind can have a function as an attribute."""
        if kind.is_module:
            return function.owner is None and kind.name.partition(".")[0] in self._project
        own = self._dotted_classes.get(kind.name, ())
        if own:
            return any(self._is_opaque(one) or self._is_of(function, one.name) for one in own)
        if kind.name.partition(".")[0] in self._project:
            return True
        if not kind.is_class and not kind.name.startswith("builtins."):
            return True  # it may hand on to something else, or be what a Protocol asks for
        owner = self._classes.get(function.owner or "")
        return owner is not None and (kind.name in owner.foreign_bases or self._has_unknown_base(owner))

    def _is_opaque(self, one: ClassFact) -> bool:
        """Whether instances of a class can have attributes that the class does not tell of."""
        hooks = {"__getattr__", "__getattribute__"}
        own = {last_name(name) for line in (one.name, *one.mro) for name in self._methods.get(line, ())}
        return (
            one.is_protocol
            or bool(hooks & (own | one.foreign_members))
            or self._has_unknown_base(one)
            or any(self._has_unknown_base(self._classes[base]) for base in one.mro if base in self._classes)
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


def _foreign_caller(function: Function, owner: ClassFact | None) -> str | None:
    """What outside the project may call a function that nothing in the project calls."""
    if owner is not None and owner.foreign_bases:
        return owner.foreign_bases[0]
    name = last_name(function.name)
    in_test_class = owner is not None and owner.name.rpartition(":")[2].startswith("Test")
    in_test_file = Path(function.path).name.startswith(("test_", "conftest")) or function.path.endswith("_test.py")
    if in_test_class or (in_test_file and name.startswith(("test", "setup", "teardown"))):
        return "a test runner"
    return None
