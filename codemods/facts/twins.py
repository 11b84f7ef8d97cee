"""What the checker knows of two classes of the same shape, one of which blocks where the other is awaited.

Which methods are awaited is read from the types of the async class, and whether a call means the same there from the
parameters and results of both.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from codemods.facts.awaitables import Classes, arguments_of, result_of
from codemods.facts.callees import Signature
from codemods.facts.graph import Parameter
from codemods.facts.kinds import kinds_of, members_of
from codemods.facts.report import FunctionDefinition
from codemods.facts.signatures import fitting, listed

_AWAITABLE = "typing.Awaitable["
_ITERATORS = {
    "typing.AsyncIterator": ("typing.Iterator", "typing.Generator"),
    "typing.AsyncGenerator": ("typing.Generator", "typing.Iterator"),
    "typing.AsyncIterable": ("typing.Iterable", "typing.Iterator", "typing.Generator"),
}
"""The types of what is iterated over with `async for`, and of what it takes the place of."""
_TRUTH = frozenset({"__bool__", "__len__"})


class MethodForm(StrEnum):
    """What a call of a method becomes."""

    PLAIN = "plain"
    """It stays as it is."""
    AWAITED = "awaited"
    ITERATED = "iterated"
    """What it gives is iterated over with `async for`."""
    ENTERED = "entered"
    """`with` calls it, and `async with` calls the one that takes its place."""


@dataclass(frozen=True, slots=True)
class TwinPair:
    """A class that blocks, and its twin."""

    sync: str
    """As the checker writes it: where it is defined."""
    twin: str
    known_as: str
    """The name of the blocking class that the packs or the user give it, and that of its twin."""
    twin_known_as: str
    rename: Mapping[str, str]
    without: frozenset[str]
    needs_loop: bool
    aliases: Mapping[str, str]
    """The other names that the blocking class is known by, each with that of the twin."""
    makers: Mapping[str, str]
    """The functions that make one of its objects, each with one that makes one of the twin's."""


@dataclass(frozen=True, slots=True)
class Method:
    """What a method of a class is in its twin."""

    form: MethodForm
    name: str
    gives: str | None = None
    """The blocking class of the twins of which it gives an object."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call."""

    keyword: str | None
    is_starred: bool = False


@dataclass(frozen=True, slots=True)
class _Defined:
    """A method as one of the classes has it."""

    owner: str
    definition: FunctionDefinition
    signatures: tuple[Signature, ...]
    """With the parameter for the object, where there is one."""

    @property
    def decorators(self) -> tuple[str, ...]:
        found = (one.Function or one.Overrides for many in self.definition.decorator_callees.values() for one in many)
        return tuple("" if one is None else one.function_name for one in found)


class TwinShapes:
    """Compares the members of classes with those of their twins."""

    def __init__(self, classes: Classes, pairs: Sequence[TwinPair]) -> None:
        self._classes = classes
        self.pairs = {one.sync: one for one in pairs}
        """By the blocking class."""

    def method(self, pair: TwinPair, name: str, arguments: Sequence[Argument]) -> Method | str:
        """What a call of a method becomes; in words, why it would not mean the same."""
        renamed = pair.rename.get(name, name)
        if name in pair.without:
            return f"{name}() does something else in {pair.twin_known_as}"
        before, after = self._defined(pair.sync, name), self._defined(pair.twin, renamed)
        if before is None or after is None:
            known = pair.known_as if before is None else pair.twin_known_as
            return f"{known} has no method {renamed if before is not None else name}() that is known"
        if before.definition is not after.definition and before.decorators != after.decorators:
            return f"{name}() is decorated otherwise in {pair.twin_known_as}"
        why = self._misfit(pair, name, before, after, arguments)
        return why if why is not None else self._form(pair, name, renamed, before, after)

    def form(self, pair: TwinPair, name: str) -> MethodForm:
        """What has to be done with what a method of the twin gives, whatever it is called with."""
        before, after = self._defined(pair.sync, name), self._defined(pair.twin, pair.rename.get(name, name))
        forms = {_told(one.result)[0] for one in after.signatures} if before is not None and after is not None else ()
        return next(iter(forms)) if len(forms) == 1 else MethodForm.PLAIN

    def making(self, pair: TwinPair, arguments: Sequence[Argument]) -> str | None:
        """Why the twin cannot be made with the arguments of a call; None when it can."""
        before, after = self._defined(pair.sync, "__init__"), self._defined(pair.twin, "__init__")
        if before is None and after is None:
            return None  # those of all objects
        if before is None or after is None:
            return f"{pair.twin_known_as} is made otherwise"
        return self._misfit(pair, pair.known_as.rpartition(".")[2], before, after, arguments)

    def attribute(self, pair: TwinPair, name: str) -> tuple[str | None, str | None]:
        """The blocking class whose object an attribute is, if it is one; and why it is not the same, if it is not."""
        before, after = self._attribute(pair.sync, name), self._attribute(pair.twin, name)
        if name in pair.without or "Unknown" in (before, after):
            return None, f"{name} may be something else in {pair.twin_known_as}"
        if before in self.pairs and after == self.pairs[before].twin:
            return before, None
        if self._mapped(before) != after or any(one in before for one in self.pairs):
            return None, f"{name} is something else in {pair.twin_known_as}"
        return None, None

    def entering(self, pair: TwinPair) -> str | None:
        """Why an object cannot be entered with `async with` as it is with `with`; None when it can."""
        names = (("__enter__", "__aenter__"), ("__exit__", "__aexit__"))
        found = [(self._defined(pair.sync, one), self._defined(pair.twin, other)) for one, other in names]
        for before, after in found:
            if before is None or after is None:
                return f"{pair.twin_known_as} has no async with that is known"
        before, after = found[0]
        assert before is not None and after is not None
        results = [result_of(one.result) for one in after.signatures]
        gives_itself = all(self._is_itself(pair.sync, one, one.result) for one in before.signatures) and all(
            result is not None and self._is_itself(pair.twin, one, result)
            for one, result in zip(after.signatures, results, strict=True)
        )
        return None if gives_itself else f"what {pair.known_as} gives to with is not the object itself"

    def has_own_truth(self, pair: TwinPair) -> bool:
        """Whether an object of one of both classes may be false."""
        members = [self._classes.members(pair.sync), self._classes.members(pair.twin)]
        return any(one is None or not one.isdisjoint(_TRUTH) for one in members)

    def _defined(self, class_: str, name: str) -> _Defined | None:
        found = self._classes.definitions(class_, name)
        if found is None:
            return None
        owner, definitions = found
        definition = definitions[-1]
        if definition.is_property_getter or definition.is_property_setter:
            return None
        signatures = []
        for one in fitting(definition, self._classes, self._classes.reference(class_)):
            parameters = listed(one)
            if parameters is None:
                return None
            result = "Unknown" if one.return_annotation is None else one.return_annotation.string
            signatures.append(Signature(parameters, result))
        return _Defined(owner, definition, tuple(signatures)) if signatures else None

    def _attribute(self, class_: str, name: str) -> str:
        found = self._classes.definitions(class_, name)
        if found is None:
            return self._classes.attribute(class_, name)
        getters = [one for one in found[1] if one.is_property_getter and one.undecorated_signatures]
        results = [one.undecorated_signatures[0].return_annotation for one in getters[:1]]
        return next((one.string for one in results if one is not None), "Unknown")

    def _misfit(
        self, pair: TwinPair, name: str, before: _Defined, after: _Defined, arguments: Sequence[Argument]
    ) -> str | None:
        """Why the twin of a function does not take the arguments of a call as the function does."""
        for one in arguments:
            if one.keyword in pair.without:
                return f"{one.keyword}= of {name}() means something else in {pair.twin_known_as}"
        if before.definition is after.definition:
            return None
        own, others = _called(before), _called(after)
        if any(one.is_starred for one in arguments):
            is_same = [self._shapes(one) for one in own] == [[*map(_shape, one.parameters)] for one in others]
            return None if is_same else f"{name}() takes other arguments in {pair.twin_known_as}"
        places = iter(range(len(arguments)))
        given = [(one.keyword, next(places) if one.keyword is None else -1) for one in arguments]
        taken: set[str] = set()
        for keyword, index in given:
            mine = [found for one in own if (found := one.parameter(keyword, index)) is not None]
            theirs = [found for one in others if (found := one.parameter(keyword, index)) is not None]
            if not mine or not theirs or {one.name for one in mine} != {one.name for one in theirs}:
                what = f"{keyword}=" if keyword is not None else f"its argument {index + 1}"
                return f"{name}() takes {what} otherwise in {pair.twin_known_as}"
            taken |= {one.name for one in theirs}
            if not self._are_taken(mine, theirs):
                return f"{mine[0].name} of {name}() is of another type in {pair.twin_known_as}"
        taken |= {one.name for signature in own for one in signature.parameters if one.is_required}
        if others and all(_asks_more(one, taken) for one in others):
            return f"{name}() asks for more arguments in {pair.twin_known_as}"
        return None

    def _are_taken(self, before: Iterable[Parameter], after: Iterable[Parameter]) -> bool:
        """Whether a parameter takes all that another one does."""
        wanted = {part for one in before for part in members_of(self._mapped(one.type))}
        return wanted <= {part for one in after for part in members_of(one.type)}

    def _shapes(self, signature: Signature) -> list[tuple[str, str, bool, str]]:
        return [(one.name, one.kind, one.is_required, self._mapped(one.type)) for one in signature.parameters]

    def _form(self, pair: TwinPair, name: str, renamed: str, before: _Defined, after: _Defined) -> Method | str:
        told = {_told(one.result) for one in after.signatures}
        forms = {form for form, _ in told}
        gives_itself = all(self._is_itself(pair.sync, one, one.result) for one in before.signatures) and all(
            self._is_itself(pair.twin, one, _told(one.result)[1]) for one in after.signatures
        )
        results = {one.result for one in before.signatures}
        if len(forms) != 1:
            return f"{name}() is not always awaited in {pair.twin_known_as}"
        (form,) = forms
        if gives_itself and form in {MethodForm.PLAIN, MethodForm.AWAITED}:
            return self._renamed(pair, Method(form, renamed, pair.sync), name)
        gives = next(iter(results)) if len(results) == 1 else ""
        if gives in self.pairs and {result for _, result in told} == {self.pairs[gives].twin}:
            return self._renamed(pair, Method(form, renamed, gives), name)
        if any(one in result for result in results for one in self.pairs):
            return f"{name}() gives something that holds a {pair.known_as}"
        if form is MethodForm.ITERATED:
            is_same = len(after.signatures) == 1 and self._are_iterated(results, after.signatures[0].result)
        else:
            is_same = {self._mapped(one) for one in results} == {result for _, result in told}
        if not is_same:
            return f"{name}() gives something else in {pair.twin_known_as}"
        return self._renamed(pair, Method(form, renamed), name)

    def _renamed(self, pair: TwinPair, method: Method, name: str) -> Method | str:
        if method.name != name and method.form is not MethodForm.AWAITED:
            return f"{method.name}() of {pair.twin_known_as} is not awaited"
        return method

    def _are_iterated(self, results: Iterable[str], after: str) -> bool:
        """Whether iterators give what an asynchronous one does."""
        plain = _ITERATORS[after.partition("[")[0]]
        item = next(arguments_of(after), None)
        return all(one.startswith(tuple(f"{kind}[" for kind in plain)) for one in results) and {
            self._mapped(next(arguments_of(one))) for one in results
        } == {item}

    def _mapped(self, type_: str) -> str:
        """A type in which twins take the place of the blocking classes."""
        if type_ in self.pairs:
            return self.pairs[type_].twin
        return type_

    def _is_itself(self, class_: str, signature: Signature, result: str) -> bool:
        """Whether what a method gives is of the class that it is called on: `Self`, or the type variable of `self`."""
        if result in {class_, "typing.Self"}:
            return True
        own = signature.parameters[0].type if signature.parameters else ""
        return result.isidentifier() and own in {result, f"type[{result}]"} and kinds_of(result) is None


def _asks_more(signature: Signature, taken: Container[str]) -> bool:
    return any(one.is_required and one.name not in taken for one in signature.parameters)


def _shape(parameter: Parameter) -> tuple[str, str, bool, str]:
    return parameter.name, parameter.kind, parameter.is_required, parameter.type


def _called(defined: _Defined) -> list[Signature]:
    """The signatures of a method as it is called."""
    skipped = 0 if defined.definition.is_staticmethod else 1
    return [Signature(one.parameters[skipped:], one.result) for one in defined.signatures]


def _told(result: str) -> tuple[MethodForm, str]:
    """What has to be done with what a method gives, and what that leads to."""
    awaited = result_of(result)
    if awaited is not None:
        return MethodForm.AWAITED, awaited
    if result.partition("[")[0] in _ITERATORS:
        return MethodForm.ITERATED, result
    parts = list(members_of(result))
    waiting = [one for one in parts if one.startswith(_AWAITABLE)]
    if len(waiting) == 1:
        inner = next(arguments_of(waiting[0]))
        others = {one for one in parts if one != waiting[0]}
        if others <= set(members_of(inner)):
            return MethodForm.AWAITED, inner
    return MethodForm.PLAIN, result
