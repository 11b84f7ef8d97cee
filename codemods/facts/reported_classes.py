"""The classes of the project, as the checker's report tells of them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from codemods.facts.graph import ClassFact
from codemods.facts.kinds import UNKNOWN, members_of
from codemods.facts.report import BytePlace, ClassRef, FieldFact, Parent, Report, parse_place
from codemods.facts.reported_names import prefix_of
from codemods.facts.texts import Text

_MARKERS = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "enum.Enum"})
"""Bases without methods that anything else would call."""


def reported_classes(report: Report, module_id: int, text: Text, own_modules: Container[int]) -> Iterator[ClassFact]:
    """The classes that a module of the project defines; `own_modules` are the ids of all of these."""
    definitions = report.definitions(module_id)
    for one in definitions.class_definitions.values():
        order = one.mro.Resolved if not isinstance(one.mro, str) else ()
        own = [ref for ref in order if ref.module_id in own_modules]
        foreign = [
            ref
            for ref in order
            if ref.module_id not in own_modules and f"{ref.module_name}.{ref.class_name}" not in _MARKERS
        ]
        yield ClassFact(
            name=_class_name(report, module_id, one.class_id),
            path=text.name,
            span=text.span(parse_place(one.name_location)),
            resolved_bases=len(one.bases),
            mro=tuple(_class_name(report, ref.module_id, ref.class_id) for ref in own),
            foreign_bases=tuple(f"{ref.module_name}.{ref.class_name}" for ref in foreign),
            foreign_members=frozenset(name for ref in foreign for name in _members(report, ref)),
            is_protocol=_is_protocol(text, parse_place(one.name_location)),
            attributes={name: _attribute_type(fact) for name, fact in one.fields.items()},
        )


def _attribute_type(fact: FieldFact) -> str:
    """The type of an attribute; what methods assign can be followed, and what a class body leaves unknown cannot."""
    type_ = fact.type.string
    if fact.declaration_kind != "DefinedInMethod":
        return "Any" if "Unknown" in members_of(type_) else type_
    if fact.explicit_annotation is not None:
        return type_
    # what a decoder gives is declared to be anything, and can be followed as well
    return " | ".join("Unknown" if one in UNKNOWN else one for one in members_of(type_))


_BASES = re.compile(r"\s*(?:\[[^\]]*\]\s*)?\(([^)]*)\)")


def _is_protocol(text: Text, name: BytePlace) -> bool:
    """Whether a class is written with the base Protocol: the report leaves it out."""
    span = text.span(name)
    bases = _BASES.match(text.lines.text, text.lines.offset(span.end_line, span.end_column))
    return bases is not None and re.search(r"\bProtocol\b", bases[1]) is not None


def _class_name(report: Report, module_id: int, class_id: int) -> str:
    definitions = report.definitions(module_id)
    one = definitions.class_definitions[str(class_id)]
    return f"{report.modules[module_id].module_name}:{prefix_of(one.parent, definitions)}{one.name}"


def _members(report: Report, ref: ClassRef) -> Iterator[str]:
    """The names of the methods that a class defines."""
    for definition in report.definitions(ref.module_id).function_definitions.values():
        parent = definition.parent
        if isinstance(parent, Parent) and parent.Class is not None and parent.Class.class_id == ref.class_id:
            yield definition.name
