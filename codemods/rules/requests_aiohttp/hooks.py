"""A hook that does nothing but raise, as aiohttp has it.

Source: the verified table, sections 1 and 2.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.requests_calls.adjustments import Adjustment, NameOf, keyword_argument


@dataclass(frozen=True, slots=True)
class Raises(Adjustment):
    """A hook that does nothing but `raise_for_status()`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [keyword_argument("raise_for_status", cst.Name("True")).with_changes(comma=argument.comma)]
