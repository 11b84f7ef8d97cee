"""What the checker's report tells of the expressions of one file, read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codemods.facts.awaitables import Classes
from codemods.facts.callees import FileCallees
from codemods.facts.report import Report, parse_place
from codemods.facts.texts import Text
from codemods.model import Span

_AWAITABLE = ("typing.Coroutine[", "typing.Awaitable[")


def types_of_file(report: Report, path: str, text: Text) -> Mapping[Span, str]:
    """The types of the expressions of the file at an absolute path, as the checker writes them."""
    types: dict[Span, str] = {}
    for module_id in report.modules_at(path):
        for function in report.types(module_id).functions.values():
            table = [entry.string for entry in function.type_table]
            for location, index in function.locations.items():
                types[text.span(parse_place(location))] = table[index]
    return types


@dataclass(slots=True)
class Expressions:
    """The types of expressions and the callees of calls, by file name."""

    report: Report
    texts: Mapping[str, Text]
    paths: Mapping[str, str]
    """The absolute paths of the files."""
    classes: Classes = field(init=False)

    def __post_init__(self) -> None:
        self.classes = Classes(self.report)

    def types(self, name: str) -> Mapping[Span, str]:
        """The types of the expressions of a file."""
        return types_of_file(self.report, self.paths[name], self.texts[name])

    def name_class(self, name: str, class_name: str) -> bool:
        """Whether the type of any expression of a file names a class."""
        return any(self.report.types_name(one, class_name) for one in self.report.modules_at(self.paths[name]))

    def module_names(self, name: str) -> frozenset[str]:
        """The names under which a file can be imported."""
        return frozenset(self.report.modules[one].module_name for one in self.report.modules_at(self.paths[name]))

    def callees(self, name: str) -> FileCallees:
        """What the calls of a file call."""
        return FileCallees(self.report, self.paths[name], self.texts[name], self.classes)

    def with_awaitables(self, name: str) -> Mapping[Span, str]:
        """The types of those expressions of a file that have to do with something to be awaited.

        Types are far fewer than places: only the places of these are read.
        """
        found: dict[Span, str] = {}
        for module_id in self.report.modules_at(self.paths[name]):
            for function in self.report.types(module_id).functions.values():
                wanted = {
                    index: entry.string
                    for index, entry in enumerate(function.type_table)
                    if any(one in entry.string for one in _AWAITABLE)
                }
                if not wanted:
                    continue
                for location, index in function.locations.items():
                    if index in wanted:
                        found[self.texts[name].span(parse_place(location))] = wanted[index]
        return found
