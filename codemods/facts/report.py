"""Reads pyrefly's report. The only file that knows the report's format.

Source of the format: pyrefly 1.4.1, `pyrefly check --report-pysa DIR --report-pysa-format json`. Its positions
are 1-based lines and 1-based UTF-8 byte columns; ours count code points.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from codemods.errors import CheckerError

ShapeT = TypeVar("ShapeT", bound="Shape")

PROBED_CALL = "print()"
"""A call in every probe module that the checker resolves wherever it runs: if it does not, the report has changed."""

ENTERS_OR_ITERATES = ("with-enter", "for-iter", "generator-iter")
"""How places end at which something is entered by a `with`, or iterated."""

_MISSING = re.compile(r"Cannot find module `([^\W\d]\w*)")


class Shape(msgspec.Struct, gc=False):
    """Base of the report's structures: only the fields in use are named, others are skipped."""


class FunctionRef(Shape):
    module_id: int
    module_name: str
    function_id: str
    function_name: str


class Target(Shape):
    Function: FunctionRef | None = None
    Overrides: FunctionRef | None = None


class ClassRef(Shape):
    module_id: int
    module_name: str
    class_id: int
    class_name: str


class CallTarget(Shape):
    target: Target | str
    implicit_receiver: str = ""
    """Begins with `True` where the first parameter is no argument of the call."""
    receiver_class: ClassRef | None = None


class Callees(Shape):
    call_targets: tuple[CallTarget, ...] = ()
    init_targets: tuple[CallTarget, ...] = ()
    new_targets: tuple[CallTarget, ...] = ()
    unresolved: dict[str, str] | str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the checker knows something, and that it does not have what is asked of it."""
        why = self.unresolved
        reason = next(iter(why.values()), "") if isinstance(why, dict) else ""
        return not self.call_targets and reason in {"UnresolvedMagicDunderAttr", "UnexpectedPyreflyTarget"}


class Access(Shape):
    if_called: Callees | None = None
    property_getters: tuple[CallTarget, ...] = ()
    property_setters: tuple[CallTarget, ...] = ()


class Expression(Shape):
    Call: Callees | None = None
    Identifier: Access | None = None
    AttributeAccess: Access | None = None


class ModuleCalls(Shape):
    call_graphs: dict[str, dict[str, Expression]]


class ClassParent(Shape):
    class_id: int


class FunctionParent(Shape):
    func_def_index: int


class Parent(Shape):
    Class: ClassParent | None = None
    Function: FunctionParent | None = None


class Annotation(Shape):
    string: str


class ParameterFact(Shape):
    annotation: Annotation
    name: str = ""
    required: bool = False


class ParameterEntry(Shape):
    PosOnly: ParameterFact | None = None
    Pos: ParameterFact | None = None
    KwOnly: ParameterFact | None = None
    VarArg: ParameterFact | None = None
    Kwargs: ParameterFact | None = None


class ParameterList(Shape):
    List: tuple[ParameterEntry, ...] | None = None


class Signature(Shape):
    parameters: ParameterList | str
    return_annotation: Annotation | None = None


class FunctionDefinition(Shape):
    name: str
    parent: Parent | str
    name_location: str | None = None
    is_property_getter: bool = False
    is_property_setter: bool = False
    is_staticmethod: bool = False
    undecorated_signatures: tuple[Signature, ...] = ()
    decorator_callees: dict[str, tuple[Target, ...]] = {}
    overridden_base_method: FunctionRef | None = None


class ResolutionOrder(Shape):
    Resolved: tuple[ClassRef, ...] = ()


class FieldFact(Shape):
    type: Annotation
    explicit_annotation: str | None = None
    declaration_kind: str | None = None


class ClassDefinition(Shape):
    class_id: int
    name: str
    parent: Parent | str
    name_location: str
    bases: tuple[ClassRef, ...] = ()
    mro: ResolutionOrder | str = ""
    fields: dict[str, FieldFact] = {}


class Definitions(Shape):
    function_definitions: dict[str, FunctionDefinition]
    class_definitions: dict[str, ClassDefinition]


class ExpressionTypes(Shape):
    type_table: tuple[Annotation, ...]
    locations: dict[str, int]


class ModuleTypes(Shape):
    functions: dict[str, ExpressionTypes]


class ModuleEntry(Shape):
    module_id: int
    module_name: str
    source_path: dict[str, str]
    info_filename: str | None = None
    """None for a module that was not analysed."""
    failed_to_load: bool = False

    @property
    def path(self) -> str | None:
        """The absolute path of its file; None for what comes with the checker."""
        return self.source_path.get("FileSystem")


class Index(Shape):
    format_version: int
    modules: dict[str, ModuleEntry]


class ErrorPlace(Shape):
    module_path: dict[str, str]
    location: str
    kind: str
    message: str


class ErrorList(Shape):
    errors: tuple[ErrorPlace, ...]


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """A file the checker could not parse: its absolute path, the 1-based line, and what it said."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class BytePlace:
    """1-based lines and 1-based UTF-8 byte columns, as pyrefly counts."""

    line: int
    column: int
    end_line: int
    end_column: int


class Report:
    """The report's folder, read part by part.

    Every reader raises CheckerError when a part has another shape than the one known.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = self._read(Path("pyrefly.pysa.json"), Index)
        if index.format_version != 1:
            raise CheckerError(
                f"pyrefly's report has format version {index.format_version}, and awaitify reads version 1; "
                'install a pyrefly it knows: pip install "pyrefly>=1.4.1,<1.5"'
            )
        self.modules: Mapping[int, ModuleEntry] = {entry.module_id: entry for entry in index.modules.values()}
        """By id; those that were not analysed have empty parts."""
        self._at: dict[str | None, list[int]] = {}
        for entry in index.modules.values():
            self._at.setdefault(entry.path, []).append(entry.module_id)
        self._definitions: dict[int, Definitions] = {}
        self._errors = self._read(Path("errors.json"), ErrorList).errors

    def modules_at(self, path: str) -> Sequence[int]:
        """The ids of the modules whose file is at an absolute path: several where it was checked under two names."""
        return self._at.get(path, ())

    def definitions(self, module_id: int) -> Definitions:
        """The functions and classes that a module defines, read once."""
        found = self._definitions.get(module_id)
        if found is None:
            empty = Definitions(function_definitions={}, class_definitions={})
            found = self._definitions[module_id] = self._read_module("definitions", module_id, Definitions, empty)
        return found

    def calls(self, module_id: int) -> ModuleCalls:
        """The call graph of a module. It is large: keep none of it."""
        return self._read_module("call_graphs", module_id, ModuleCalls, ModuleCalls(call_graphs={}))

    def types(self, module_id: int) -> ModuleTypes:
        """The types of the expressions of a module."""
        return self._read_module("type_of_expressions", module_id, ModuleTypes, ModuleTypes(functions={}))

    def types_name(self, module_id: int, name: str) -> bool:
        """Whether a type of an expression of a module names a class; told without reading them one by one."""
        file = self.modules[module_id].info_filename
        if file is None:
            return False
        try:
            return name.encode() in Path(self._folder, "type_of_expressions", file).read_bytes()
        except OSError as error:
            raise wrong_shape(f"{file}: {error}") from error

    def syntax_problems(self) -> Iterable[SyntaxProblem]:
        """The first parse error of each file that has one."""
        seen: set[str] = set()
        for error in self._errors:
            path = error.module_path.get("FileSystem")
            if error.kind == "parse-error" and path is not None and path not in seen:
                seen.add(path)
                message = error.message.removeprefix("Parse error: ")
                yield SyntaxProblem(path, parse_place(error.location).line, message)

    def missing_modules(self, paths: Container[str]) -> frozenset[str]:
        """The top-level names of the modules that files at these paths import and that were not found."""
        found = set()
        for error in self._errors:
            match = _MISSING.match(error.message)
            if error.kind == "missing-import" and error.module_path.get("FileSystem") in paths and match:
                found.add(match[1])
        return frozenset(found)

    def _read_module(self, part: str, module_id: int, shape: type[ShapeT], empty: ShapeT) -> ShapeT:
        name = self.modules[module_id].info_filename
        return empty if name is None else self._read(Path(part, name), shape)

    def _read(self, name: Path, shape: type[ShapeT]) -> ShapeT:
        try:
            return msgspec.json.decode(Path(self._folder, name).read_bytes(), type=shape)
        except (OSError, msgspec.MsgspecError) as error:
            raise wrong_shape(f"{name}: {error}") from error


def wrong_shape(what: str) -> CheckerError:
    """The error for a report that does not say what it used to."""
    return CheckerError(
        f"pyrefly's report has another shape than the one awaitify knows ({what}); "
        'install a pyrefly it knows: pip install "pyrefly>=1.4.1,<1.5"'
    )


def parse_place(location: str) -> BytePlace:
    """Reads `LINE:COLUMN-LINE:COLUMN`."""
    start, _, end = location.partition("-")
    line, _, column = start.partition(":")
    end_line, _, end_column = end.partition(":")
    return BytePlace(int(line), int(column), int(end_line), int(end_column))
