"""Follows the objects of classes that have twins through a project: everything that is done with them.

Begins where they are made, and where they are annotated, and goes on to variables, parameters, attributes and results.
Every use has to be one that the twin takes part in as well; the first that is not keeps the class as it is. What the
checker knows to hold one of them, and was not come to in this way, does so, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.graph import CallGraph, CallKind
from codemods.facts.kinds import kinds_of
from codemods.facts.lookups import looked_up_names
from codemods.facts.syntax import enclosing_function, is_truth_test
from codemods.facts.twins import Argument, Method, MethodForm, TwinPair, TwinShapes
from codemods.model import Span
from codemods.planning.facts import TwinClass, TwinName
from codemods.twins.files import Path, TwinFile, TwinFiles, dotted
from codemods.twins.names import annotated_by
from codemods.twins.uses import is_none
from codemods.twins.ways import Followed, Ways


@dataclass(frozen=True, slots=True)
class TwinCall:
    """A call of a method that the twin awaits, or a `with` that enters an object."""

    path: str
    span: Span
    caller: str
    pair: TwinPair
    asked: str
    """The method."""
    method: Method

    @property
    def kind(self) -> CallKind:
        """How it is called."""
        return CallKind.IMPLICIT if self.method.form is MethodForm.ENTERED else CallKind.CALL

    @property
    def name(self) -> str:
        """The method, with its class, as packs name that."""
        return f"{self.pair.known_as}.{self.asked}"


@dataclass(frozen=True, slots=True)
class TwinUses:
    """What is done with the objects of classes that have twins."""

    calls: Mapping[tuple[str, Span, CallKind], TwinCall]
    classes: tuple[TwinClass, ...]
    through: Mapping[str, frozenset[str]]
    """By class, the functions that take or return its objects: all their calls have to be known."""
    own: frozenset[str]
    """The functions of such classes that the project defines itself."""


NO_USES = TwinUses({}, (), {}, frozenset())


class TwinFinder:
    """Follows the objects of some classes."""

    def __init__(
        self, files: TwinFiles, shapes: TwinShapes, outside: Collection[str], unread: Mapping[str, bytes]
    ) -> None:
        """Files in `outside` are never changed; `unread` are the bytes of those that are not known."""
        self._unread = unread
        self._files = files
        self._shapes = shapes
        self._outside = outside
        self._graph: CallGraph = files.graph
        self._found = {one.sync: Followed(one) for one in files.pairs}
        self._ways = Ways(files, self._found, outside)
        self._twin_calls: dict[tuple[str, Span, CallKind], TwinCall] = {}
        self._certain: set[tuple[str, Span, CallKind]] = set()
        self._definitions = frozenset(
            name for one in files.pairs for name in (one.sync, one.twin, *one.makers, *one.makers.values())
        )

    def find(self) -> TwinUses:
        """All that is done with the objects."""
        for path in sorted(set().union(*map(self._paths, self._files.pairs))):
            file = self._files.file(path)
            if file is not None:
                self._start(file)
        for found in self._found.values():
            self._refuse_unread(found)
        for found in self._found.values():
            self._refuse_derived(found)
            self._refuse_looked_up(found)
        while (use := self._ways.next_use()) is not None:
            self._use(*use)
        self._ways.check()
        for found in self._found.values():
            self._check_types(found)
        return TwinUses(
            calls={key: one for key, one in self._twin_calls.items() if self._stands(key, one)},
            classes=tuple(self._class(one) for one in self._found.values()),
            through={one.pair.known_as: frozenset(one.through) for one in self._found.values()},
            own=frozenset(one.name for one in self._graph.functions if dotted(one.owner) in self._found),
        )

    def _paths(self, pair: TwinPair) -> Iterator[str]:
        """The files that may name a class: for one of a library, they name that as well."""
        names = {pair.sync, pair.known_as, *pair.aliases, *pair.makers}
        last, roots = ({one.rpartition(".")[2] for one in names}, {one.partition(".")[0] for one in names})
        for path, text in self._files.texts.items():
            is_named = not last.isdisjoint(text.lines.words)
            if is_named and (pair.sync in self._files.classes or not roots.isdisjoint(text.lines.words)):
                yield path

    def _refuse_unread(self, found: Followed) -> None:
        word = found.pair.known_as.rpartition(".")[2]
        unread = [path for path, content in self._unread.items() if word.encode() in content]
        for path in sorted({*unread, *(one for one in self._paths(found.pair) if self._files.file(one) is None)}):
            found.refuse(f"{path}, which could not be read, may name it")

    def _stands(self, key: tuple[str, Span, CallKind], call: TwinCall) -> bool:
        """Whether a call is one of the class for certain, although not all of its objects can be followed."""
        is_followed = self._found[call.pair.sync].refusal is None
        return is_followed or key in self._certain

    def _class(self, found: Followed) -> TwinClass:
        pair = found.pair
        return TwinClass(
            name=pair.known_as,
            twin=pair.twin_known_as,
            names=tuple(sorted(found.names)),
            makings=tuple(sorted(found.makings)),
            refusal=found.refusal,
            givers=frozenset(found.givers),
            keeps=found.keeps,
            others=frozenset(self._found[one].pair.known_as for one in found.others),
            needs_loop=pair.needs_loop,
        )

    def _start(self, file: TwinFile) -> None:
        for pair, path in file.names.all():
            self._reference(file, self._found[pair.sync], path)
        for quoted, path in file.names.quoted():
            at = annotated_by(path)
            if quoted is not None and self._is_own(file, path):
                continue
            if quoted is not None and at is not None:
                self._name(file, self._found[quoted.sync], path)
                self._annotated(file, self._found[quoted.sync], path, at)
                continue
            for found in self._found.values():
                if file.names.is_path_of(cst.ensure_type(path[-1], cst.SimpleString), found.pair):
                    found.refuse(f"a string names it in {file.place(path)}")

    def _reference(self, file: TwinFile, found: Followed, path: Path) -> None:
        node, parent = path[-1], path[-2]
        if self._is_own(file, path) or (isinstance(parent, cst.ClassDef) and parent.name is node):
            return
        self._name(file, found, path)
        at = annotated_by(path)
        if file.names.maker(node) is not None:
            if isinstance(parent, cst.Call) and parent.func is node:
                self._made(file, found, path[:-1], None)
            else:
                found.refuse(f"what makes one is used as a value in {file.place(path)}")
            return
        match parent:
            case cst.Call() if parent.func is node:
                self._made(file, found, path[:-1], self._shapes.making(found.pair, _arguments(parent)))
            case cst.Attribute() if parent.value is node and isinstance(path[-3], cst.Call):
                made = cst.ensure_type(path[-3], cst.Call)
                name = parent.attr.value
                method = self._shapes.method(found.pair, name, _arguments(made)) if made.func is parent else ""
                if isinstance(method, Method) and method == Method(MethodForm.PLAIN, name, found.pair.sync):
                    self._made(file, found, path[:-2], None)
                else:
                    found.refuse(f"{name} is asked of the class in {file.place(path)}")
            case _ if at is not None:
                self._annotated(file, found, path, at)
            case _:
                found.refuse(f"the class is used as a value in {file.place(path)}")

    def _name(self, file: TwinFile, found: Followed, path: Path) -> None:
        known_as, twin = file.names.twin(path[-1], found.pair)
        node = path[-1]
        assert isinstance(node, cst.BaseExpression), node
        why = file.names.why_unclear(node) or file.names.why_not_imported(node, known_as, twin)
        if why is not None:
            found.refuse(f"{why} of {file.path}")
        if file.path in self._outside:
            found.refuse(f"{file.place(path)} names it, and is not among the given paths")
        found.names.add(TwinName(file.path, file.span(path), known_as, twin))

    def _made(self, file: TwinFile, found: Followed, path: Path, why: str | None) -> None:
        if why is not None:
            found.refuse(f"{why} (in {file.place(path)})")
        found.makings.add((file.path, file.span(path).line, file.caller(path)))
        self._ways.hold(file, found, path)

    def _annotated(self, file: TwinFile, found: Followed, path: Path, at: int) -> None:
        """Follows what is annotated to hold an object."""
        owner = path[at - 1]
        match owner:
            case cst.Param() if not owner.star:
                function = next((one for one in reversed(path[: at - 1]) if isinstance(one, cst.FunctionDef)), None)
                self._ways.take(found, file.function(function), owner.name.value, file.place(path))
            case cst.FunctionDef():
                self._ways.give(found, file.function(owner), file.place(path))
            case cst.AnnAssign(target=cst.Name() as target) if isinstance(path[at - 2], cst.SimpleStatementLine):
                inside = next(
                    (one for one in reversed(path[:at]) if isinstance(one, cst.ClassDef | cst.FunctionDef)), None
                )
                if isinstance(inside, cst.ClassDef):
                    self._ways.keep(found, file.class_at(inside), target.value, file.place(path))
                else:
                    self._ways.bind(file, found, file.tree.path(target))
            case cst.AnnAssign(target=cst.Attribute() as target):
                self._ways.store(file, found, file.tree.path(target))
            case _:
                found.refuse(f"it is annotated in {file.place(path)} in a way that is not followed")

    def _use(self, found: Followed, file: TwinFile, path: Path) -> None:
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Expr():
                pass
            case cst.Attribute() if parent.value is node:
                self._asked(file, found, path)
            case cst.Assign():
                for target in parent.targets:
                    self._ways.assign(file, found, target.target)
            case cst.AnnAssign() if parent.value is node:
                self._ways.assign(file, found, parent.target)
            case cst.NamedExpr() if parent.value is node:
                self._ways.assign(file, found, parent.target)
                self._ways.hold(file, found, path[:-1])
            case cst.Return():
                self._ways.give(found, file.function(enclosing_function(path)), file.place(path))
            case cst.Arg():
                self._ways.hand(file, found, path)
            case cst.WithItem() if parent.item is node:
                self._enter(file, found, path)
            case cst.IfExp() if parent.test is not node:
                self._ways.hold(file, found, path[:-1])
            case cst.BooleanOperation() if not is_truth_test(path) and not _is_dropped(parent, node):
                self._ways.hold(file, found, path[:-1])
                self._ask_truth(file, found, path)
            case cst.Comparison() if _asks_for_none(parent, node):
                pass
            case _ if is_truth_test(path) or isinstance(parent, cst.BooleanOperation):
                self._ask_truth(file, found, path)
            case _:
                found.refuse(f"what is done with it in {file.place(path)} is not followed")

    def _ask_truth(self, file: TwinFile, found: Followed, path: Path) -> None:
        if self._shapes.has_own_truth(found.pair):
            found.refuse(f"{file.place(path)} asks for its truth, which is its own")

    def _asked(self, file: TwinFile, found: Followed, path: Path) -> None:
        """An attribute of an object, or a call of a method of it."""
        attribute = cst.ensure_type(path[-2], cst.Attribute)
        name, outer = attribute.attr.value, path[-3]
        if isinstance(outer, cst.Call) and outer.func is attribute:
            method = self._shapes.method(found.pair, name, _arguments(outer))
            if isinstance(method, str):
                found.refuse(f"{method} (in {file.place(path)})")
                return
            self._call(file, found, path[:-2], name, method)
            if method.gives is not None:
                found.others.add(method.gives)
                self._found[method.gives].others.add(found.pair.sync)
                self._ways.hold(file, self._found[method.gives], path[:-2])
            return
        gives, why = self._shapes.attribute(found.pair, name)
        if why is not None or isinstance(outer, cst.AugAssign | cst.Del):
            found.refuse(f"{why or 'it is changed'} (in {file.place(path)})")
        elif gives is not None:
            found.others.add(gives)
            self._found[gives].others.add(found.pair.sync)
            self._ways.hold(file, self._found[gives], path[:-1])

    def _call(self, file: TwinFile, found: Followed, path: Path, asked: str, method: Method) -> None:
        if method.form is MethodForm.PLAIN:
            return
        call = TwinCall(file.path, file.span(path), file.caller(path), found.pair, asked, method)
        self._twin_calls[call.path, call.span, call.kind] = call

    def _enter(self, file: TwinFile, found: Followed, path: Path) -> None:
        item, block = cst.ensure_type(path[-2], cst.WithItem), cst.ensure_type(path[-3], cst.With)
        why = self._shapes.entering(found.pair)
        if why is not None or block.asynchronous is not None:
            found.refuse(f"{why or 'it is entered'} (in {file.place(path)})")
            return
        self._call(file, found, path, "__enter__", Method(MethodForm.ENTERED, "__aenter__"))
        if item.asname is not None:
            self._ways.assign(file, found, item.asname.name)

    def _check_types(self, found: Followed) -> None:
        """Has every expression that the checker knows to be an object of the class be known here as well."""
        name = found.pair.sync
        named = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")
        for path in sorted(self._files.texts):
            if not self._files.expressions.name_class(path, name):
                continue
            file = self._files.file(path)
            if file is None:
                found.refuse(f"{path}, which cannot be read, has to do with it")
                continue
            for span, kind in sorted(file.types.items()):
                if named.search(kind) is not None and " -> " not in kind:
                    self._check_type(file, found, span, kind)

    def _check_type(self, file: TwinFile, found: Followed, span: Span, kind: str) -> None:
        node = file.tree.expression(span)
        if node is None:
            return
        path = file.tree.path(node)
        kinds = kinds_of(kind) or frozenset()
        others = {one.name for one in kinds if one.name != found.pair.sync}
        if self._is_own(file, path):
            return
        if len(kinds) != 1 or others:
            found.refuse(f"{file.place(path)} may hold one in something else")
            return
        if next(iter(kinds)).is_class:
            if all((one.path, one.span) != (file.path, span) for one in found.names):
                found.refuse(f"the class is used as a value in {file.place(path)}")
            return
        if isinstance(path[-2], cst.Attribute) and path[-2].value is node and isinstance(path[-3], cst.Call):
            self._certain_call(file, found, path)
        if (file.path, span) not in self._ways.held:
            found.refuse(f"where the one of {file.place(path)} comes from is not known")

    def _certain_call(self, file: TwinFile, found: Followed, path: Path) -> None:
        attribute, call = cst.ensure_type(path[-2], cst.Attribute), cst.ensure_type(path[-3], cst.Call)
        if call.func is not attribute or file.path in self._outside:
            return
        name = attribute.attr.value
        key = (file.path, file.tree.span(call), CallKind.CALL)
        self._certain.add(key)
        if key not in self._twin_calls:
            self._call(file, found, path[:-2], name, Method(self._shapes.form(found.pair, name), name))

    def _refuse_looked_up(self, found: Followed) -> None:
        """Keeps a class that something may look up by its name: a test's mock, `getattr`."""
        pair = found.pair
        every = (pair.sync, pair.known_as, *pair.aliases, *pair.makers)
        names = frozenset(name.rpartition(".")[2] for name in every)
        texts = {path: text for path, text in self._files.texts.items() if not names.isdisjoint(text.lines.words)}
        for one in looked_up_names(texts, names, self._files.project, self._files.expressions.types):
            if one.kinds is None or any(kind.is_module for kind in one.kinds):
                found.refuse(f"{one.path}:{one.line} may look it up by its name")

    def _refuse_derived(self, found: Followed) -> None:
        for one in self._graph.classes:
            if found.pair.sync in {*map(dotted, one.mro), *one.foreign_bases} and dotted(one.name) != found.pair.sync:
                found.refuse(f"{one.name} derives from it")

    def _is_own(self, file: TwinFile, path: Path) -> bool:
        """Whether a path ends in the definition of one of the classes, of a twin, or of what makes their objects."""
        for node in path[:-1]:
            fact = file.class_at(node) if isinstance(node, cst.ClassDef) else file.function(node)
            if fact is not None and dotted(fact.name) in self._definitions:
                return True
        return False


def _arguments(call: cst.Call) -> Sequence[Argument]:
    return [Argument(None if one.keyword is None else one.keyword.value, bool(one.star)) for one in call.args]


def _is_dropped(operation: cst.BooleanOperation, node: cst.CSTNode) -> bool:
    """Whether an object is only asked for its truth: what `client and x` gives is never the client."""
    return isinstance(operation.operator, cst.And) and operation.left is node


def _asks_for_none(comparison: cst.Comparison, node: cst.CSTNode) -> bool:
    match comparison:
        case cst.Comparison(
            left=left, comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot(), comparator=it)]
        ):
            return left is node and is_none(it)
    return False
