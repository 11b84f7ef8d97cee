"""Decides which lists lose a library and which get one; what it asks of the code, `needs.Code` finds out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from codemods.requirements.editing import Wanted
from codemods.requirements.libraries import Library
from codemods.requirements.listing import Entry, Layout, Listing, line_at
from codemods.requirements.needs import Code, Need
from codemods.requirements.reading import Document, Documents

_BOUND = re.compile(r"(?:\^|~=?|>=?|===?)\s*([0-9][\w.]*)")


@dataclass(slots=True)
class Decisions:
    """What is to be done, list by list."""

    wanted: list[tuple[Document, Wanted]] = field(default_factory=list)
    raised: list[tuple[Document, Entry, str]] = field(default_factory=list)
    """Entries that allow too old a release, each with the reason."""
    kept: list[tuple[Document, Entry, str]] = field(default_factory=list)
    """Entries that stay although a file needs them no more, each with the reason."""
    homeless: str | None = None
    """Why a library is needed that no list gets."""


def decide(need: Need, documents: Documents, code: Code) -> Decisions:
    """What becomes of every list because of one library."""
    decisions = Decisions()
    library = need.library
    gone = _gone(need, documents, code, decisions)
    is_new = bool(need.brought) and _is_new(need, documents)
    imported = (
        code.imported_before(library, by_tests=need.is_for_tests) if is_new and not _having(need, documents) else None
    )
    targets = _targets(need, documents) if is_new and imported is None else []
    listings = list(documents.listings())
    others = " and others" if len(need.brought) > 3 else ""
    added = f"{', '.join(need.brought[:3])}{others} import{'s' if len(need.brought) == 1 else ''} it now"
    reason = f"{library.distribution}: {'; '.join(filter(None, (added, need.floor_reason)))}"
    for document, listing in listings:
        is_target = any(listing is target for target in targets)
        leaving = _entries(listing, library.replaces) if gone is not None else []
        if is_target or leaving:
            why = f"{library.replaces}: {gone}"
            wanted = Wanted(
                listing,
                dict.fromkeys(leaving, why),
                library.distribution,
                need.floor,
                reason if is_target else None,
            )
            decisions.wanted.append((document, wanted))
        if need.is_used_more:
            for index in _entries(listing, library.distribution):
                entry = listing.entries[index]
                if not _reaches(entry, need.floor):
                    decisions.raised.append((document, entry, _raise_reason(need)))
    if is_new and imported is not None:
        other = "it may come with another library, else add it by hand"
        decisions.homeless = f"{reason}; {imported} imported it before, and no list names it: {other}"
    elif is_new and not targets:
        decisions.homeless = f"{reason}; no list of what the project needs to run was found: add it by hand"
    return decisions


def _raise_reason(need: Need) -> str:
    why = need.floor_reason or f"the exceptions its handlers name came with {need.floor}"
    return f"{need.library.distribution}: new code is written for {need.floor} ({why})"


def _entries(listing: Listing, distribution: str) -> list[int]:
    return [index for index, entry in enumerate(listing.entries) if entry.distribution == distribution]


def _gone(need: Need, documents: Documents, code: Code, decisions: Decisions) -> str | None:
    """Why the replaced library is needed no more; None when it is, or may be."""
    library = need.library
    found = [
        (document, listing.entries[index])
        for document, listing in documents.listings()
        for index in _entries(listing, library.replaces)
    ]
    if not need.is_dropped or not found or code.still_names(library) is not None:
        return None
    stays = _companion(library, documents) or _unread(documents) or code.elsewhere_names(library)
    if stays is None:
        return "no file names it any more"
    decisions.kept += ((document, entry, f"{library.replaces} stays: {stays}") for document, entry in found)
    return None


def _companion(library: Library, documents: Documents) -> str | None:
    for document, listing in documents.listings():
        for entry in listing.entries:
            name = entry.distribution
            is_named = library.replaces in name.split("-") and name != library.replaces
            if name in library.companions or (is_named and name not in library.stubs):
                line = line_at(document.text.text, entry.start)
                return f"{name} ({document.source.name}:{line}) works on it"
    return None


def _unread(documents: Documents) -> str | None:
    return f"{documents.unread[0]} could not be read and may need it" if documents.unread else None


def _targets(need: Need, documents: Documents) -> list[Listing]:
    """The lists that get the new library: where the replaced one stands, else the first of the project's own."""
    listings = [listing for _, listing in documents.listings()]
    naming = [one for one in listings if _entries(one, need.library.replaces)]
    runtime = [one for one in naming if one.is_runtime]
    optional = [one for one in naming if not one.is_runtime]
    first = [one for one in listings if one.is_runtime][:1]
    chosen = (optional or runtime or first) if need.is_for_tests else (runtime or optional or first)
    return [one for one in chosen if not _entries(one, need.library.distribution)]


def _having(need: Need, documents: Documents) -> list[Listing]:
    return [one for _, one in documents.listings() if _entries(one, need.library.distribution)]


def _is_new(need: Need, documents: Documents) -> bool:
    """Whether the library is not required yet where it is needed now."""
    having = _having(need, documents)
    if any(one.is_runtime for one in having) or (having and need.is_for_tests):
        # what a list of the project's own has, every other list gets with it, but for another of that kind
        return any(
            one.is_runtime and _entries(one, need.library.replaces) and one not in having
            for _, one in documents.listings()
        )
    return True


def _reaches(entry: Entry, floor: str) -> bool:
    """Whether no release before a given one is asked for, as far as the specifier says."""
    for bound in _BOUND.findall(entry.specifier):
        try:
            if Version(bound.rstrip(".")) >= Version(floor):
                return True
        except InvalidVersion:
            continue
    return False


def raised_text(text: str, layout: Layout, floor: str) -> str | None:
    """An entry with a higher lower bound; None when its specifier says more than one."""
    if layout is Layout.KEYS:
        return None
    name = r"\s*[\"']?[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?"
    rest = r"\s*(?:[\"']|;.*|#.*|\\.*)?\s*"
    match = re.match(rf"({name})(?:([ \t]*)>=[ \t]*[\w.]+)?({rest})\Z", text, re.DOTALL)
    return f"{match[1]}{match[2] or ''}>={floor}{match[3]}" if match else None
