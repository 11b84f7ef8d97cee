"""Imports that use functions as values: what is called under the name that they bind is not known.

Such is an import of a name that the file binds to something else as well, where an import fails, say: the checker tells
of one function that a call by that name means. And one in the body of a class, whose attribute is a method then. Told
from the texts: a function of that name in a package that the import names counts as well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.facts.graph import CallGraph, Function, Reference
from codemods.facts.inheritance import last_name
from codemods.facts.texts import Text
from codemods.facts.unresolved import outer_line
from codemods.model import Span
from codemods.tree import LineTable

_IMPORT = re.compile(
    r"^[ \t]*from[ \t]+(?P<module>[\w.]+)[ \t]+import\b[ \t]*(?:\((?P<several>[^)]*)\)|(?P<names>[^\r\n#]*))", re.M
)
_NAME = re.compile(r"(?:\A|,)\s*(?:#[^\n]*\n\s*)*(?P<name>[^\W\d]\w*)(?:\s+as\s+(?P<alias>[^\W\d]\w*))?")
_OPENS_SCOPE = re.compile(r"\s*(?:async[ \t]+)?(def|class)\b")


@dataclass(frozen=True, slots=True)
class _Import:
    module: str
    name: str
    bound: str
    """The name that it binds."""
    span: Span


def with_imported_values(graph: CallGraph, texts: Mapping[str, Text]) -> CallGraph:
    """The graph in which such imports of functions are references."""
    functions: dict[str, list[Function]] = defaultdict(list)
    for one in graph.functions:
        if one.owner is None and one.parent.endswith(":"):
            functions[last_name(one.name)].append(one)
    modules = {one.path: one.name.partition(":")[0] for one in graph.functions}
    references = {(one.path, one.span): one for one in graph.references}
    for path, text in texts.items():
        for use in _used(text.lines, functions):
            targets = tuple(sorted(one.name for one in functions[use.name] if _may_be_from(use.module, one, path)))
            if targets:
                caller = f"{modules.get(path, path)}:"
                references.setdefault((path, use.span), Reference(path, use.span, caller, targets))
    return replace(graph, references=tuple(references[key] for key in sorted(references)))


def _used(lines: LineTable, functions: Mapping[str, Sequence[Function]]) -> Iterator[_Import]:
    """The imports of something that has the name of a function, and that may be called in ways that are not known."""
    if lines.words.isdisjoint(functions):
        return
    bound: dict[str, list[_Import]] = defaultdict(list)
    for one in _imports(lines):
        bound[one.bound].append(one)
    for name, imports in bound.items():
        wanted = [one for one in imports if one.name in functions]
        is_one = len({(one.module, one.name) for one in imports}) == 1
        if wanted and is_one and not _is_bound_otherwise(name, lines):
            wanted = [one for one in wanted if _scope_of(lines, one.span.line) == "class"]
        yield from wanted


def _imports(lines: LineTable) -> Iterator[_Import]:
    for statement in _IMPORT.finditer(lines.text):
        if lines.masked is not None and lines.masked.code[statement.start("module")].isspace():
            continue
        group = "names" if statement["several"] is None else "several"
        for match in _NAME.finditer(statement[group]):
            start = statement.start(group) + match.start("name")
            span = lines.span(start, start + len(match["name"]))
            yield _Import(statement["module"], match["name"], match["alias"] or match["name"], span)


def _is_bound_otherwise(name: str, lines: LineTable) -> bool:
    """Whether the module itself defines or assigns something of a name."""
    binds = re.compile(rf"^[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b|{name}[ \t]*(?::[^=\n]+)?=(?!=))", re.M)
    return any(_scope_of(lines, lines.position(match.end())[0]) is None for match in binds.finditer(lines.text))


def _scope_of(lines: LineTable, line: int) -> str | None:
    """What the innermost scope around a line is: "def", "class", or None for the module's."""
    above = outer_line(lines, line)
    while above is not None:
        opened = _OPENS_SCOPE.match(lines.line(above))
        if opened is not None:
            return opened[1]
        above = outer_line(lines, above)
    return None


def _may_be_from(module: str, function: Function, path: str) -> bool:
    """Whether an import from a module may give a function: from its own module, or a package around that."""
    last = module.rpartition(".")[2]
    if not last:
        return function.path.rpartition("/")[0].startswith(path.rpartition("/")[0])
    return last in function.name.partition(":")[0].split(".")
