"""Whether what is set on a session, and what its requests bring, go together.

Source: the verified table, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from codemods.rules.requests_aiohttp.logins import DigestLogin
from codemods.rules.requests_calls.adjustments import Adjustment
from codemods.rules.requests_calls.arguments import named_arguments
from codemods.rules.requests_calls.combinations import holds_user, is_given, keeps_out, visible_headers, visible_names
from codemods.rules.requests_calls.session_uses import (
    Path,
    SessionChange,
    SessionUse,
    Types,
    headers_set,
    why_own_differs,
)
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def check_request(
    tree: Tree, uses: Sequence[SessionUse], call: cst.Call, verb: str, checked: Mapping[str, Adjustment], types: Types
) -> Refusal | None:
    """Why a request cannot be given what is set on its session; `checked` is what becomes of its own arguments."""
    arguments = named_arguments(call, verb)
    assert not isinstance(arguments, Refusal)
    if "cookie" in visible_headers(arguments):
        return Refusal("its headers hold a Cookie, which aiohttp sends besides those of its session")
    for use in uses:
        if use.keyword == "ssl" and any(is_given(arguments.get(name)) for name in ("verify", "cert")):
            return Refusal(f"its session has {use.argument} set, and it brings verify= or cert= of its own")
        own = arguments.get(use.argument or "")
        if use.change is SessionChange.LOGIN:
            is_visible = "authorization" in visible_headers(arguments) or holds_user(arguments["url"])
            if is_visible or isinstance(checked.get("auth"), DigestLogin):
                return Refusal("its session has a login, and it brings another one")
        refusal = why_own_differs(tree, use, own, checked, types)
        if refusal is not None:
            return refusal
    return None


def check_uses(uses: Sequence[tuple[SessionUse, Path]]) -> Refusal | None:
    """Why the uses of a session, with their paths, do not go together."""
    has_headers = False
    has_login = any(use.change is SessionChange.LOGIN for use, _ in uses)
    for use, path in uses:
        line = use.node.line
        if use.change in _OF_HEADERS and "cookie" in visible_names(headers_set(path[:-1])):
            return Refusal(f"has a Cookie among its headers in line {line}, which aiohttp sends besides its cookies")
        if has_login and use.change in _OF_HEADERS and not _keeps_authorization_out(path):
            return Refusal(f"has a login, and there may be another one among its headers in line {line}")
        if use.change is SessionChange.HEADERS and has_headers:
            return Refusal(f"has its headers assigned when there are some, in line {line}")
        has_headers = has_headers or use.change in _HEADER_CHANGES
    return None


_OF_HEADERS = frozenset({SessionChange.SAME, SessionChange.HEADERS})
_HEADER_CHANGES = _OF_HEADERS | {SessionChange.LOGIN}


def _keeps_authorization_out(path: Path) -> bool:
    """Whether a use of the headers of a session only sets such as can be seen to be no login."""
    return keeps_out("authorization", headers_set(path[:-1]))
