"""What the calls of a file call, with all that their signatures say; read file by file, on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codemods.facts.awaitables import Classes
from codemods.facts.graph import Parameter, ParameterKind
from codemods.facts.report import Callees, CallTarget, Report, parse_place
from codemods.facts.reported_names import qualname_of
from codemods.facts.signatures import fitting, keeps_signature, listed
from codemods.facts.texts import Text
from codemods.model import Span

_CONSTRUCTOR_OF_ALL = frozenset({"builtins.object.__init__", "builtins.object.__new__"})


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    """Without those that the call fills by itself."""
    result: str
    """Its type."""

    def parameter(self, keyword: str | None, index: int) -> Parameter | None:
        """What takes an argument, by its name, or else by its place among those without one."""
        if keyword is not None:
            named = (one for one in self.parameters if one.name == keyword and one.kind in _BY_NAME)
            return next(named, None) or self._of(ParameterKind.KEYWORDS)
        places = [one for one in self.parameters if one.kind in _BY_PLACE]
        return places[index] if index < len(places) else self._of(ParameterKind.REST)

    def _of(self, kind: ParameterKind) -> Parameter | None:
        return next((one for one in self.parameters if one.kind is kind), None)


_BY_NAME = frozenset({ParameterKind.EITHER, ParameterKind.KEYWORD})
_BY_PLACE = frozenset({ParameterKind.EITHER, ParameterKind.POSITIONAL})


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that a call may call."""

    name: str
    """Its qualified name where it is defined."""
    signatures: tuple[Signature, ...] | None
    """None where the checker does not say, or a decorator may have changed them."""


class FileCallees:
    """What the calls of one file call; few of them are asked about."""

    def __init__(self, report: Report, path: str, text: Text, classes: Classes) -> None:
        """`path` is absolute."""
        self._reader = _Reader(report, classes)
        self._calls: dict[Span, Callees] = {}
        for module_id in report.modules_at(path):
            for expressions in report.calls(module_id).call_graphs.values():
                for location, expression in expressions.items():
                    if expression.Call is not None and "|" not in location and expression.Call.unresolved is None:
                        self._calls[text.span(parse_place(location))] = expression.Call

    def at(self, span: Span) -> tuple[Callee, ...]:
        """What the call at a span calls; nothing where that is not resolved."""
        found = self._calls.get(span)
        return () if found is None else tuple(self._reader.callees(found))


class _Reader:
    def __init__(self, report: Report, classes: Classes) -> None:
        self._report = report
        self._classes = classes

    def callees(self, callees: Callees) -> Iterator[Callee]:
        """What one call calls."""
        for one in callees.call_targets:
            yield self._callee(one, is_bound=one.implicit_receiver.startswith("True"))
        classes = [one.receiver_class for one in callees.init_targets if one.receiver_class is not None]
        made_of = f"{classes[0].module_name}.{classes[0].class_name}" if classes else "Unknown"
        made = [
            self._callee(one, is_bound=True, result=made_of) for one in (*callees.init_targets, *callees.new_targets)
        ]
        told = [one for one in made if one.name not in _CONSTRUCTOR_OF_ALL]
        yield from told if told else made[:1]

    def _callee(self, target: CallTarget, *, is_bound: bool, result: str | None = None) -> Callee:
        """`result` is what is made, where the target only fills it."""
        ref = None if isinstance(target.target, str) else target.target.Function or target.target.Overrides
        if ref is None:
            return Callee("", None)
        definitions = self._report.definitions(ref.module_id)
        function_id = ref.function_id.replace("FDT:", "F:")
        definition = definitions.function_definitions.get(function_id)
        if definition is None:
            return Callee(f"{ref.module_name}.{ref.function_name}", None)
        name = f"{ref.module_name}.{qualname_of(definition, definitions)}"
        if not keeps_signature(definition):
            return Callee(name, None)
        signatures = []
        for one in fitting(definition, self._classes, target.receiver_class):
            parameters = listed(one)
            if parameters is None or (is_bound and not parameters):
                return Callee(name, None)
            declared = "Unknown" if one.return_annotation is None else one.return_annotation.string
            signatures.append(Signature(parameters[1:] if is_bound else parameters, result or declared))
        return Callee(name, tuple(signatures))
