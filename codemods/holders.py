"""The variables that hold sessions which functions hand on to each other, as far as they can be followed.

Begins with those that requests are made with, and goes on to what they are handed on to and what hands them on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

import libcst as cst

from codemods.bound_arguments import bound_arguments
from codemods.facts.graph import Call, CallGraph, CallKind
from codemods.facts.syntax import ImportedNames, function_named_at
from codemods.model import Span
from codemods.planning.facts import BlockingCall, SessionHolder
from codemods.rules.requests_calls.client import FindHeld, HeldSession
from codemods.rules.requests_calls.handling import NativeRequest
from codemods.rules.rule import Refusal
from codemods.tree import Tree

Key = tuple[str, str]
"""A function and the name of a variable of it."""


class HolderFinder:
    """Follows sessions from variable to variable."""

    def __init__(
        self,
        graph: CallGraph,
        find: FindHeld,
        tree_of: Callable[[str], Tree | None],
        types_of: Callable[[str], Mapping[Span, str]],
        may_change: Container[str],
        has_known_callers: Callable[[Container[str]], Iterable[str]],
    ) -> None:
        """`tree_of` gives the tree of a file, `types_of` the types of its expressions; some files `may_change`.

        `has_known_callers` tells, of some functions, those that nothing calls but the resolved calls.
        """
        self._functions = {one.name: one for one in graph.functions}
        self._find = find
        self._tree_of = tree_of
        self._types_of = types_of
        self._may_change = may_change
        self._has_known_callers = has_known_callers
        self._calls = {(one.path, one.span): one for one in graph.calls if one.kind is CallKind.CALL}
        self._callers: dict[str, list[Call]] = defaultdict(list)
        for call in graph.calls:
            for target in call.targets:
                self._callers[target].append(call)
        self._imports = lru_cache(maxsize=8)(ImportedNames)
        self._others: dict[Key, set[Key]] = defaultdict(set)

    def holders(self, blocking: Iterable[BlockingCall]) -> list[SessionHolder]:
        """All variables that can hold the session of a request, where functions hand it on."""
        natives: dict[Key, list[NativeRequest]] = defaultdict(list)
        for call in blocking:
            if call.offer.holder is not None and isinstance(call.offer.native, NativeRequest):
                natives[call.caller, call.offer.holder].append(call.offer.native)
        found: dict[Key, SessionHolder] = {}
        queue = sorted(natives)
        while queue:
            key = queue.pop()
            if key not in found:
                found[key] = self._holder(key, natives.get(key, ()))
                queue += sorted(self._others[key] - found.keys())
        given = {one.function for one in found.values() if one.is_parameter}
        unknown = given - set(self._has_known_callers(given))
        return [
            replace(
                one,
                others=frozenset(self._others[key]),
                refusal="may be given by calls that cannot be followed"
                if one.refusal is None and one.is_parameter and one.function in unknown
                else one.refusal,
            )
            for key, one in sorted(found.items())
        ]

    def _holder(self, key: Key, natives: Iterable[NativeRequest]) -> SessionHolder:
        name, variable = key
        function = self._functions.get(name)
        if function is None:
            return SessionHolder("", name, variable, refusal="is no variable of a function")
        tree = self._tree_of(function.path) if function.path in self._may_change else None
        node = None if tree is None else function_named_at(tree, function.span)
        if tree is None or node is None:
            return SessionHolder(function.path, name, variable, refusal="is in a file that is not looked at")
        types = self._types_of(function.path)
        held = self._find(tree, node, variable, list(natives), self._imports(tree), types)
        if isinstance(held, Refusal):
            reason = held.reason.removeprefix(f"its session {variable} ")
            return SessionHolder(function.path, name, variable, refusal=reason)
        return SessionHolder(
            path=function.path,
            function=name,
            name=variable,
            is_parameter=held.is_parameter,
            refusal=self._follow_on(key, tree, held) or (self._follow_back(key) if held.is_parameter else None),
            form=held.form,
            requests=held.requests,
            settings=held.settings,
            notes=held.notes,
            depends=held.depends,
        )

    def _follow_on(self, key: Key, tree: Tree, held: HeldSession) -> str | None:
        """Notes what a session is handed on to; why that cannot be told, if it cannot."""
        path = self._functions[key[0]].path
        for handing in held.handings:
            call, node = self._calls.get((path, handing.call)), tree.at(handing.call, cst.Call)
            assert node is not None, handing
            where = f"{_callee(tree, node)} in line {handing.call.line}"
            target = None if call is None else call.sole_target
            if target is None:
                return f"is handed to {where}, which is no function of the project that is known for certain"
            bound = bound_arguments(tree, node, self._functions[target], self._types_of(path))
            to = next((name for name, one in bound.items() if tree.span(one.value) == handing.argument), None)
            if to is None:
                return f"is handed to {where}, and which parameter takes it cannot be told"
            self._others[key].add((target, to))
        return None

    def _follow_back(self, key: Key) -> str | None:
        """Notes what hands a session to a parameter; why that cannot be told, if it cannot."""
        for call in self._callers[key[0]]:
            where = f"{call.path}:{call.span.line}"
            tree = self._tree_of(call.path) if call.path in self._may_change else None
            node = None if tree is None else tree.at(call.span, cst.Call)
            if tree is None or node is None or call.kind is not CallKind.CALL:
                return f"is given by {where}, which is not looked at"
            bound = bound_arguments(tree, node, self._functions[key[0]], self._types_of(call.path))
            argument = bound.get(key[1])
            value = None if argument is None else argument.value
            if not isinstance(value, cst.Name) or value.value == "None":
                return f"is given something else than a variable that holds a session in {where}"
            self._others[key].add((call.caller, value.value))
        return None


def _callee(tree: Tree, call: cst.Call) -> str:
    return " ".join(tree.module.code_for_node(call.func).split())
