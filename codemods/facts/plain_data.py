"""Data that a decoder made: dictionaries, lists, strings, numbers and booleans, all the way down.

Their classes are exactly Python's own (The Python Standard Library, `json`, section Encoders and Decoders), so that
none of their methods is one of the project.
"""

from __future__ import annotations

from typing import Final

PLAIN: Final = "plain data"
"""Stands among the names of classes for what is such data, and all that is in it."""
SHALLOW: Final = frozenset(f"builtins.{name}" for name in ("dict", "list", "str", "int", "float", "bool"))
"""What such data can be, when other things may have been put into it."""

_METHODS: Final = frozenset(name for one in (dict, list, str, int, float, bool) for name in dir(one))
GIVING: Final = frozenset({"copy", "get", "items", "keys", "pop", "popitem", "setdefault", "split", "values"})
"""The methods that give such data, or what iterates over it."""
KEEPING: Final = frozenset(
    {"dict", "enumerate", "iter", "list", "max", "min", "next", "reversed", "sorted", "tuple", "zip"}
)
"""The functions of Python that give such data, or what iterates over it, when they get nothing else."""
TUNING: Final = frozenset({"key", "reverse", "start", "strict"})
"""The parameters of these functions that put nothing into what they give."""
DECODER_OPTIONS: Final = frozenset({"cls", "default", "object_hook", "object_pairs_hook", "parse_float", "parse_int"})
"""The parameters of decoders that make something else of what they decode."""


def is_of_plain(method: str) -> bool:
    """Whether plain data may have a method."""
    return method in _METHODS
