"""The requirements in `setup.cfg` and `setup.py`, found to be told of: neither is changed."""

from __future__ import annotations

import re
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from codemods.requirements.listing import Entry, Layout, Listing, Misread, RequirementFile, line_at

_SECTION: Final = re.compile(r"^\[([^\]\n]+)\][^\n]*\n?(.*?)(?=^\[|\Z)", re.M | re.S)
_OPTION: Final = re.compile(r"^([\w.-]+)[ \t]*[=:]((?:[^\n]*)(?:\n(?:[ \t]+[^\n]*|[ \t]*(?=\n[ \t]+\S)))*)", re.M)
_VALUE: Final = re.compile(r"[^\n]+")
_STRING: Final = re.compile(r"([\"'])([A-Za-z0-9](?:(?!\1)[^\n\\])*)\1")
_CFG: Final = "awaitify does not write setup.cfg: change it by hand"
_PY: Final = "setup.py is a program: change it by hand"


def read_setup_cfg(text: str) -> RequirementFile:
    """The lists `install_requires` and those of `[options.extras_require]`."""
    listings: list[Listing] = []
    misread: list[Misread] = []
    for section in _SECTION.finditer(text):
        for option in _OPTION.finditer(text, section.start(2), section.end(2)):
            is_runtime = (section[1].strip(), option[1]) == ("options", "install_requires")
            if is_runtime or section[1].strip() == "options.extras_require":
                title = f"[{section[1]}] {option[1]}"
                listings.append(_option(text, option, title, is_runtime, misread))
    return RequirementFile(tuple(listings), tuple(misread))


def _option(text: str, option: re.Match[str], title: str, is_runtime: bool, misread: list[Misread]) -> Listing:
    entries = []
    is_one_line = "\n" not in option[2].strip() and bool(option[2].partition("\n")[0].strip())
    for match in _VALUE.finditer(text, option.start(2), option.end(2)):
        items = match[0].split("#")[0].split(";")
        # in one line `;` stands between requirements, in several before a marker
        for item in items if is_one_line else items[:1]:
            if not item.strip() or item.strip().startswith(("file:", "-")):
                continue
            try:
                requirement = Requirement(item.strip())
            except InvalidRequirement:
                message = f"`{match[0].strip()}` is no requirement; write it as in PEP 508, such as aiohttp>=3.10"
                misread.append(Misread(line_at(text, match.start()), message))
                continue
            start = text.rfind("\n", 0, match.start()) + 1
            name = canonicalize_name(requirement.name)
            entries.append(Entry(name, start, match.end(), str(requirement.specifier)))
    return Listing(title, Layout.LINES, is_runtime, tuple(entries), option.start(), _CFG)


def read_setup_py(text: str) -> RequirementFile:
    """What strings of a setup.py could be requirements, once it speaks of `install_requires`."""
    if "_requires" not in text:
        return RequirementFile()
    entries = []
    for match in _STRING.finditer(text):
        try:
            requirement = Requirement(match[2])
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        entries.append(Entry(name, match.start(), match.end(), str(requirement.specifier)))
    at = text.find("install_requires")
    return RequirementFile((Listing("install_requires", Layout.LINES, at >= 0, tuple(entries), max(at, 0), _PY),))
