"""Which types have to be awaited, and which may be those of something that has: by what the report tells of classes.

A coroutine does nothing until it is awaited. Other awaitables may: a task runs by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codemods.facts.graph import Awaitable
from codemods.facts.kinds import kinds_of, members_of
from codemods.facts.report import ClassDefinition, ClassRef, FunctionDefinition, Parent, Report, parse_place

_COROUTINES = ("typing.Coroutine[", "types.CoroutineType[")
_AWAITABLE = "typing.Awaitable"
_OF_FUTURES = frozenset(
    {"add_done_callback", "cancel", "cancelled", "done", "exception", "get_loop", "remove_done_callback", "result"}
)
"""What an object may have that is declared as an awaitable and is a future."""
_TAKES = frozenset({"typing.Hashable", "typing.Generator", "types.GeneratorType", "typing.Unpack", "typing.Self"})
"""Types that a coroutine has or may be taken for, besides those that can be awaited, and some that say nothing."""
_PLAIN = frozenset({"typing.Literal", "typing.LiteralString"})
"""Types that are no classes, and that no coroutine has."""
_OF_COROUTINES = frozenset({"close", "send", "throw"})
_OF_OBJECTS = frozenset(dir(object)) | {"__slots__", "__module__"}


def is_coroutine_type(type_: str) -> bool:
    """Whether all that a type can be is a coroutine."""
    return all(part.startswith(_COROUTINES) for part in members_of(type_))


def result_of(type_: str) -> str | None:
    """What awaiting a coroutine of a type gives; None where the type is no single coroutine."""
    if not type_.startswith("typing.Coroutine[") or len(list(members_of(type_))) != 1:
        return None
    return list(arguments_of(type_))[-1]


def arguments_of(type_: str) -> Iterator[str]:
    """The arguments of a generic type."""
    opening = type_.find("[")
    if opening < 0 or not type_.endswith("]"):
        return
    depth, low = 0, opening + 1
    for at in range(opening + 1, len(type_) - 1):
        character = type_[at]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            yield type_[low:at].strip()
            low = at + 1
    yield type_[low:-1].strip()


def _is_method(definition: FunctionDefinition, owner: ClassRef, name: str) -> bool:
    parent = definition.parent
    is_own = isinstance(parent, Parent) and parent.Class is not None and parent.Class.class_id == owner.class_id
    return is_own and definition.name == name


_SPECIAL = re.compile(r"(?:\w+\.)*(?:Generic|Protocol|object|NamedTuple|TypedDict)\s*(?:\[.*)?\Z", re.S)
"""Bases that the report leaves out: they bring nothing that matters here."""
_KEYWORD = re.compile(r"\w+\s*=")


def _count_bases(behind: str) -> int:
    """How many bases stand behind the name of a class, those left out that the report leaves out."""
    behind = re.sub(r"#[^\n]*", "", behind).lstrip()
    if behind.startswith("["):  # type parameters
        behind = behind[_closing(behind) + 1 :].lstrip()
    if not behind.startswith("("):
        return 0
    written = list(arguments_of(f"[{behind[1 : _closing(behind)]}]"))
    return sum(bool(one) and not _SPECIAL.match(one) and not _KEYWORD.match(one) for one in written)


def _closing(text: str) -> int:
    """The offset of the bracket that closes the first one."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return at
    return len(text)


@dataclass(slots=True)
class Classes:
    """The classes of the report, by the names that its types have."""

    report: Report
    _modules: dict[str, int] = field(default_factory=dict)
    _methods: dict[int, dict[int, set[str]]] = field(default_factory=dict)
    _known: dict[str, Awaitable | None] = field(default_factory=dict)
    _lines: dict[int, list[str]] = field(default_factory=dict)

    def awaitable(self, type_: str) -> Awaitable | None:
        """What a type tells of its objects where all of them can be awaited."""
        kinds = kinds_of(type_)
        if not kinds or "None" in members_of(type_):
            return None
        found = [None if one.is_class or one.is_module else self._one(one.name) for one in kinds]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        members = frozenset(name for one in known for name in one.members)
        return Awaitable(type_, members, all(one.is_lazy for one in known))

    def takes_awaitables(self, type_: str) -> bool:
        """Whether something of a type may be awaitable, as far as it is known."""
        kinds = kinds_of(type_)
        return not kinds or any(not (one.is_class or one.is_module) and self._takes(one.name) for one in kinds)

    def members(self, name: str) -> frozenset[str] | None:
        """The names of all that objects of a class have; None when that is not known."""
        found = self._find(name)
        if found is None:
            return None
        module_id, definition = found
        if isinstance(definition.mro, str):
            return None
        own = ClassRef(module_id, "", definition.class_id, "")
        if not all(map(self._has_known_bases, (own, *definition.mro.Resolved))):
            return None
        return self.members_of(own)

    def declared(self, type_: str | None, attribute: str) -> str | None:
        """The type with which an attribute of the objects of a type is declared; None where it is not, or not known.

        What is only inferred does not count: any value may be assigned to it.
        """
        kinds = kinds_of(type_)
        if not kinds or len(kinds) != 1:
            return None
        (kind,) = kinds
        found = None if kind.is_class or kind.is_module else self._find(kind.name)
        if found is None or isinstance(found[1].mro, str):
            return None
        for one in (ClassRef(found[0], "", found[1].class_id, ""), *found[1].mro.Resolved):
            base = self.report.definitions(one.module_id).class_definitions.get(str(one.class_id))
            fact = None if base is None else base.fields.get(attribute)
            if fact is not None:
                return fact.type.string if fact.explicit_annotation is not None else None
        return None

    def method(self, name: str, method: str) -> tuple[str, FunctionDefinition] | None:
        """A method of a class, by the qualified name it has where it is defined; None where that is not known.

        An attribute that is no method, or a base that is not known, may be in its place.
        """
        found = self._nearest(name, method)
        return None if found is None else (f"{found[0]}:{found[1]}.{method}", found[2][0])

    def reference(self, name: str) -> ClassRef | None:
        """The class of a name, as the report refers to it."""
        found = self._find(name)
        return None if found is None else ClassRef(found[0], "", found[1].class_id, "")

    def definitions(self, name: str, member: str) -> tuple[str, Sequence[FunctionDefinition]] | None:
        """The definitions of a method in the class nearest to one, and the name of that; a property may have several.

        None where an attribute that is no method is nearer, or a base is not known.
        """
        found = self._nearest(name, member)
        return None if found is None else (f"{found[0]}.{found[1]}", found[2])

    def _nearest(self, name: str, member: str) -> tuple[str, str, Sequence[FunctionDefinition]] | None:
        """Likewise, with the module and the name of that class."""
        found = self._find(name)
        if found is None or self.members(name) is None or isinstance(found[1].mro, str):
            return None
        for ref in (ClassRef(found[0], "", found[1].class_id, ""), *found[1].mro.Resolved):
            definitions = self.report.definitions(ref.module_id)
            own = definitions.class_definitions[str(ref.class_id)]
            if member in own.fields:
                return None
            methods = [one for one in definitions.function_definitions.values() if _is_method(one, ref, member)]
            if methods:
                return self.report.modules[ref.module_id].module_name, own.name, methods
        return None

    def attribute(self, type_: str, name: str) -> str:
        """The type of an attribute of the objects of a type, `Unknown` where it is not known."""
        found = set()
        for kind in kinds_of(type_) or ():
            if kind.is_class or kind.is_module:
                return "Unknown"
            method = self.method(kind.name, name)
            if method is None:
                found.add(self._field(kind.name, name))
            elif method[1].is_property_getter and method[1].undecorated_signatures:
                result = method[1].undecorated_signatures[0].return_annotation
                found.add("Unknown" if result is None else result.string)
            else:
                return "Unknown"
        return " | ".join(sorted(found)) or "Unknown"

    def _field(self, name: str, attribute: str) -> str:
        found = self._find(name)
        if found is None or self.members(name) is None:
            return "Unknown"
        fields = self.fields(ClassRef(found[0], "", found[1].class_id, ""))
        return next((type_ for one, type_ in fields if one == attribute), "Unknown")

    def members_of(self, ref: ClassRef) -> frozenset[str]:
        """The names of all that objects of a class have, as far as the classes it inherits from are known."""
        definition = self.report.definitions(ref.module_id).class_definitions.get(str(ref.class_id))
        order = () if definition is None or isinstance(definition.mro, str) else definition.mro.Resolved
        return frozenset(name for one in (ref, *order) for name in self._of(one))

    def fields(self, ref: ClassRef) -> Iterator[tuple[str, str]]:
        """The attributes of a class and of those it inherits from, nearest first, with their types."""
        definition = self.report.definitions(ref.module_id).class_definitions.get(str(ref.class_id))
        if definition is None or isinstance(definition.mro, str):
            return
        for one in (ref, *definition.mro.Resolved):
            base = self.report.definitions(one.module_id).class_definitions.get(str(one.class_id))
            for name, fact in base.fields.items() if base is not None else ():
                yield name, fact.type.string

    def fields_of(self, type_: str) -> Iterator[tuple[str, str]]:
        """The attributes of the one class that a type names, with their types; none where it names more."""
        found = self._find(type_)
        if found is not None:
            yield from self.fields(ClassRef(found[0], "", found[1].class_id, ""))

    def _takes(self, name: str) -> bool:
        if name in _PLAIN:
            return False
        members = self.members(name)
        if name in _TAKES or members is None or "__await__" in members:
            return True
        # a protocol asks for no more than what it has: the report does not tell which classes are one
        return members - _OF_OBJECTS <= _OF_COROUTINES

    def _one(self, name: str) -> Awaitable | None:
        if name not in self._known:
            self._known[name] = self._made(name)
        return self._known[name]

    def _made(self, name: str) -> Awaitable | None:
        members = self.members(name)
        found = self._find(name)
        if members is None or found is None or "__await__" not in members:
            return None
        order = found[1].mro
        bases = (
            {f"{one.module_name}.{one.class_name}" for one in order.Resolved} if not isinstance(order, str) else set()
        )
        if name == _AWAITABLE:
            members |= _OF_FUTURES
        return Awaitable(name, members, is_lazy="typing.Coroutine" in {name, *bases})

    def _find(self, name: str) -> tuple[int, ClassDefinition] | None:
        if not self._modules:
            self._modules = {one.module_name: one.module_id for one in self.report.modules.values()}
        module, _, qualname = name.rpartition(".")
        while module and module not in self._modules:
            module, _, outer = module.rpartition(".")
            qualname = f"{outer}.{qualname}"
        if "." in qualname or module not in self._modules:
            return None  # a class within another one
        module_id = self._modules[module]
        for one in self.report.definitions(module_id).class_definitions.values():
            if one.name == qualname and one.parent == "TopLevel":
                return module_id, one
        return None

    def _has_known_bases(self, ref: ClassRef) -> bool:
        """Whether the checker found all bases that a class is written with: it leaves out what it cannot resolve."""
        definition = self.report.definitions(ref.module_id).class_definitions.get(str(ref.class_id))
        lines = self._lines_of(ref.module_id)
        if definition is None or not lines:
            return definition is not None
        place = parse_place(definition.name_location)
        behind = "".join(
            [
                lines[place.end_line - 1].encode()[place.end_column - 1 :].decode(errors="replace"),
                *lines[place.end_line : place.end_line + 30],
            ]
        )
        return _count_bases(behind) <= len(definition.bases)

    def _lines_of(self, module_id: int) -> list[str]:
        """The lines of a module; none for what comes with the checker, whose classes it knows."""
        if module_id not in self._lines:
            path = self.report.modules[module_id].path
            try:
                text = "" if path is None else Path(path).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError):
                text = ""
            self._lines[module_id] = text.splitlines(keepends=True)
        return self._lines[module_id]

    def _of(self, ref: ClassRef) -> Iterator[str]:
        definition = self.report.definitions(ref.module_id).class_definitions.get(str(ref.class_id))
        if definition is not None:
            yield from definition.fields
        yield from self._methods_of(ref.module_id).get(ref.class_id, ())

    def _methods_of(self, module_id: int) -> dict[int, set[str]]:
        found = self._methods.get(module_id)
        if found is None:
            found = self._methods[module_id] = {}
            for one in self.report.definitions(module_id).function_definitions.values():
                if isinstance(one.parent, Parent) and one.parent.Class is not None:
                    found.setdefault(one.parent.Class.class_id, set()).add(one.name)
        return found
