"""What is known of the libraries that rules bring in and of those they replace: data.

A library's distribution may have another name than what is imported; both are written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Library:
    """A library that rewritten code imports, and the one it replaces."""

    module: str
    """What is imported."""
    distribution: str
    """What is required, in canonical form."""
    floor: str
    """The first release that has all that new code uses."""
    later: tuple[tuple[str, str], ...]
    """Names that came later, each with the release it came with, the latest first."""
    replaces: str
    """The module it replaces, whose distribution has the same name."""
    companions: frozenset[str]
    """Distributions that do something with calls of the replaced module; so does any whose name has it as a part."""
    companion_modules: frozenset[str]
    """What is imported of those; so is any module whose name starts with that of the replaced one and `_`."""
    stubs: frozenset[str]
    """Distributions that are named after the replaced module and do not need it."""


_COMPANIONS: Final = frozenset(
    {
        *("betamax", "cachecontrol", "cloudscraper", "grequests", "httpretty", "mechanicalsoup"),
        *("pytest-recording", "pytest-responses", "pytest-vcr", "responses", "vcrpy"),
    }
)
_COMPANION_MODULES: Final = frozenset(
    {
        *("betamax", "cachecontrol", "cloudscraper", "grequests", "httpretty", "mechanicalsoup"),
        *("responses", "vcr"),
    }
)
_STUBS: Final = frozenset({"types-requests"})

LIBRARIES: Final = (
    Library(
        module="aiohttp",
        distribution="aiohttp",
        floor="3.10",  # ConnectionTimeoutError, which handlers name
        later=(("encode_basic_auth", "3.14"),),
        replaces="requests",
        companions=_COMPANIONS,
        companion_modules=_COMPANION_MODULES,
        stubs=_STUBS,
    ),
    Library(
        module="httpx",
        distribution="httpx",
        floor="0.26",  # proxy= of a client
        later=(),
        replaces="requests",
        companions=_COMPANIONS,
        companion_modules=_COMPANION_MODULES,
        stubs=_STUBS,
    ),
)
