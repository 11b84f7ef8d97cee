"""Where responses go from function to function, as far as they can be followed.

Begins with the requests whose response leaves the function that makes it, and goes on to the functions that get it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import libcst as cst

from codemods.bound_arguments import bound_arguments
from codemods.facts.graph import Call, CallGraph, CallKind
from codemods.file_inspection import FileInspector
from codemods.model import Span
from codemods.planning.facts import BlockingCall, Handed, Reception, Route
from codemods.planning.handlers import taken_back, with_whole_groups
from codemods.rules.rule import Handing, Offer
from codemods.tree import Tree


class ResponseFinder:
    """Follows responses from function to function."""

    def __init__(
        self,
        graph: CallGraph,
        sites: Iterable[Call],
        planned: Container[str],
        inspector_of: Callable[[str], FileInspector],
        tree_of: Callable[[str], Tree | None],
        types_of: Callable[[str], Mapping[Span, str]],
        has_known_callers: Callable[[Container[str]], Iterable[str]],
    ) -> None:
        """`sites` are the calls that have been looked at, `planned` the functions.

        `inspector_of` tells of a file that has been, `tree_of` gives its tree, `types_of` the types of its expressions;
        `has_known_callers` tells, of some functions, those that nothing calls but the resolved calls.
        """
        self._functions = {one.name: one for one in graph.functions}
        self._planned = planned
        self._inspector_of = inspector_of
        self._tree_of = tree_of
        self._types_of = types_of
        self._has_known_callers = has_known_callers
        self._calls: dict[tuple[str, Span], Call] = {}
        self._callers: dict[str, list[Call]] = defaultdict(list)
        for call in sites:
            if call.kind is CallKind.CALL:
                self._calls[call.path, call.span] = call
            for target in call.targets:
                self._callers[target].append(call)

    def found(self, blocking: Iterable[BlockingCall]) -> tuple[Sequence[BlockingCall], Sequence[Reception]]:
        """The blocking calls with where what they give is handed on, and what is done with it in other functions."""
        givers = with_whole_groups([self._with_ways(one) for one in blocking])
        received: list[Reception] = []
        fresh = {route for one in givers if one.offer.native is not None for route in one.goes_to}
        known: set[Route] = set()
        while fresh:
            known |= fresh
            found = [self._onward(one) for one in self._at(fresh)]
            received += found
            fresh = {route for one in found for route in one.goes_to} - known
        given = {one.source.function for one in received if one.source.parameter}
        unknown = given - set(self._has_known_callers(given))
        return givers, [
            _refused(one, "it may be given by calls that cannot be followed")
            if one.offer.native is not None and one.source.parameter and one.source.function in unknown
            else one
            for one in received
        ]

    def _at(self, routes: Iterable[Route]) -> Iterator[Reception]:
        """Where functions get what comes by some ways."""
        ordered = sorted(routes)
        returning = {route.function for route in ordered if not route.parameter}
        calls: dict[tuple[str, Span], Call] = {}
        for name in sorted(returning):
            calls.update({(call.path, call.span): call for call in self._callers[name]})
        for path in sorted({path for path, _ in calls}):
            yield from self._inspector_of(path).received([one for one in calls.values() if one.path == path])
        for route in ordered:
            if route.parameter and route.function in self._planned:
                function = self._functions[route.function]
                yield self._inspector_of(function.path).given(function, route.parameter)

    def _with_ways(self, one: BlockingCall) -> BlockingCall:
        if one.offer.native is None or not one.offer.handings:
            return one
        handed = self._resolved(one.path, one.offer.handings)
        return taken_back(one, f"the response is {handed}") if isinstance(handed, str) else replace(one, handed=handed)

    def _onward(self, one: Reception) -> Reception:
        if one.offer.native is None or not one.offer.handings:
            return one
        handed = self._resolved(one.path, one.offer.handings)
        return _refused(one, f"it is {handed}") if isinstance(handed, str) else replace(one, handed=handed)

    def _resolved(self, path: str, handings: Iterable[Handing]) -> tuple[Handed, ...] | str:
        """Which parameters of which functions take some arguments; where one goes that cannot be told, in words."""
        found = []
        for handing in handings:
            tree, call = self._tree_of(path), self._calls.get((path, handing.call))
            node = None if tree is None else tree.at(handing.call, cst.Call)
            assert tree is not None and node is not None, handing
            where = f"passed to {_callee(tree, node)} in line {handing.call.line}"
            target = None if call is None else call.sole_target
            if target is None:
                return f"{where}, which is no function of the project that is known for certain"
            bound = bound_arguments(tree, node, self._functions[target], self._types_of(path))
            to = next((name for name, one in bound.items() if tree.span(one.value) == handing.argument), None)
            if to is None:
                return f"{where}, and which parameter takes it cannot be told"
            found.append(Handed(handing.call, Route(target, to), handing.is_guarded, handing.may_be_none))
        return tuple(found)


def _refused(one: Reception, reason: str) -> Reception:
    return replace(one, offer=Offer(one.offer.rule, None, reason), handed=())


def _callee(tree: Tree, call: cst.Call) -> str:
    return " ".join(tree.module.code_for_node(call.func).split())
