"""Functions that give an iterator or a context manager, and what all who get one do with it.

A generator that becomes async gives something that has to be iterated with `async for`, and so does every function
that only hands it on, and every method that stands for it. What consumes it has to be understood at each call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.generators import ENTERING, ITERATING, AsyncForm
from codemods.facts.graph import CallKind
from codemods.facts.inheritance import last_name
from codemods.facts.syntax import enclosing_function
from codemods.planning.facts import PlannedFunction, Site
from codemods.planning.index import CallIndex
from codemods.rules.consumption import Consumed, consumed_by, taken_by
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_LEFT_OPEN = (
    "if it is left before its end, by `break`, `return` or an error, what the generator has in `finally` and `with` is "
    "done when the event loop comes to it, and not at once"
)


@dataclass(frozen=True, slots=True)
class Iterators:
    """The functions and the sites, with all that is known of the iterators that they give, and who has one color."""

    functions: Mapping[str, PlannedFunction]
    sites: Sequence[Site]
    families: tuple[frozenset[str], ...]


def with_iterators(
    functions: Mapping[str, PlannedFunction],
    sites: Sequence[Site],
    families: tuple[frozenset[str], ...],
    tree_of: Callable[[str], Tree | None],
) -> Iterators:
    """Looks at the calls of generators that may become async."""
    found: dict[str, AsyncForm] = {
        name: one.async_form
        for name, one in functions.items()
        if one.async_form is not AsyncForm.AWAITED and one.lock is None and not one.is_async
    }
    if not found:
        return Iterators(functions, sites, families)
    return _Search(dict(functions), list(sites), families, tree_of).run(found)


class _Search:
    def __init__(
        self,
        functions: dict[str, PlannedFunction],
        sites: list[Site],
        families: tuple[frozenset[str], ...],
        tree_of: Callable[[str], Tree | None],
    ) -> None:
        self._functions = functions
        self._sites = sites
        self._families = families
        self._tree_of = tree_of
        self._index = CallIndex(functions, sites, families)
        self._at: dict[str, list[int]] = defaultdict(list)
        for at, site in enumerate(sites):
            for target in site.targets:
                self._at[target].append(at)

    def run(self, found: dict[str, AsyncForm]) -> Iterators:
        """From the generators to those that stand for them, and to those that hand on what they give."""
        handing: list[frozenset[str]] = []
        fresh = dict(found)
        while fresh:
            fresh |= self._standing_for(fresh, found)
            found |= fresh
            self._consume(fresh)
            returned = self._returned(found)
            fresh = {}
            for caller, given in sorted(returned.items()):
                if caller not in found and given is not None:
                    fresh[caller] = found[min(given)]
                    handing.append(frozenset({caller, *given}))
                    self._set(caller, async_form=fresh[caller], stays_def=True)
        for at, site in enumerate(self._sites):
            if site.is_handed_on and not self._functions[site.caller].stays_def:
                self._sites[at] = replace(
                    site, consumed=Refusal("the function that it stands in gives other things, too")
                )
        self._note_what_is_left()
        return Iterators(self._functions, self._sites, (*self._families, *handing))

    def _note_what_is_left(self) -> None:
        """Notes where a generator may be left before its end that has something to do then, itself or by another."""
        cleaning = {name for name, one in self._functions.items() if one.cleans_up}
        taken = [(at, site) for at, site in enumerate(self._sites) if isinstance(site.consumed, Consumed)]
        while True:
            behind = {site.caller for _, site in taken if not cleaning.isdisjoint(site.targets)} - cleaning
            iterated = {name for name in behind & self._functions.keys() if self._is_iterated(name)}
            if not iterated:
                break
            cleaning |= iterated
        for at, site in taken:
            assert isinstance(site.consumed, Consumed)
            if site.consumed.may_stop and not cleaning.isdisjoint(site.targets):
                self._sites[at] = replace(site, consumed=replace(site.consumed, notes=(_LEFT_OPEN,)))

    def _is_iterated(self, name: str) -> bool:
        return self._functions[name].async_form is AsyncForm.ITERATED

    def _standing_for(self, fresh: Mapping[str, AsyncForm], found: Mapping[str, AsyncForm]) -> dict[str, AsyncForm]:
        """The methods that stand for some that give iterators: they do nothing, or none of them becomes async."""
        more: dict[str, AsyncForm] = {}
        for name, async_form in fresh.items():
            for member in sorted(self._index.family(name) - {name}):
                one = self._functions[member]
                if member in found or member in fresh or one.is_async or one.lock is not None:
                    continue
                if one.is_stub:
                    more[member] = async_form
                    self._set(member, async_form=async_form, stays_def=True)
                else:
                    self._set(member, lock=f"it stands for {name}, which is a generator, and is none itself")
        return more

    def _set(self, name: str, **about: object) -> None:
        self._functions[name] = replace(self._functions[name], **about)  # type: ignore[arg-type]

    def _consume(self, names: Mapping[str, AsyncForm]) -> None:
        """Looks at all calls of some functions."""
        for name, async_form in names.items():
            for at in self._at[name]:
                self._sites[at] = replace(self._sites[at], consumed=self._consumed(self._sites[at], async_form))

    def _consumed(self, site: Site, async_form: AsyncForm) -> Consumed | Refusal:
        if any(self._functions[one].async_form is not async_form for one in site.targets):
            return Refusal("it may call something else there")
        tree = self._tree_of(site.path)
        is_entered = all(last_name(one) in ENTERING for one in site.targets)
        is_implicit = is_entered or all(last_name(one) == ITERATING for one in site.targets)
        if is_implicit and site.kind is not CallKind.IMPLICIT:
            return Refusal("it is called by its name there")
        found: cst.BaseExpression | None = None
        if tree is not None and is_implicit:
            found = tree.expression(site.span)
        elif tree is not None and site.kind is CallKind.CALL:
            found = tree.at(site.span, cst.Call)
        if tree is None or found is None:
            return Refusal("what is done with what it gives there is not known")
        return taken_by(tree, found, async_form) if is_implicit else consumed_by(tree, found, async_form)

    def _returned(self, found: Mapping[str, AsyncForm]) -> dict[str, frozenset[str] | None]:
        """The functions that hand on what others give, with those; None for one that does more than that."""
        handed: dict[str, list[Site]] = defaultdict(list)
        for site in self._sites:
            if site.is_handed_on:
                handed[site.caller].append(site)
        return {caller: self._given(caller, sites, found) for caller, sites in handed.items()}

    def _given(self, caller: str, sites: Sequence[Site], found: Mapping[str, AsyncForm]) -> frozenset[str] | None:
        given = frozenset(name for site in sites for name in site.targets)
        function = self._functions.get(caller)
        if function is None or function.is_async or function.is_generator or function.lock is not None:
            return None
        if function.runner is not None or len({found[name] for name in given if name in found}) != 1:
            return None
        tree = self._tree_of(function.path)
        if tree is None:
            return None
        spans = {site.span for site in sites}
        return given if all(tree.span(value) in spans for value in _returns(tree, sites[0])) else None


def _returns(tree: Tree, site: Site) -> Iterator[cst.CSTNode]:
    """Everything that the function returns in which a call stands; of a bare `return` that statement."""
    call = tree.at(site.span, cst.Call)
    assert call is not None, site
    function = enclosing_function(tree.path(call))
    for node in tree.all(cst.Return, function):
        if enclosing_function(tree.path(node)) is function:
            yield node if node.value is None else node.value
