"""The users and passwords that `auth=` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from codemods.rules.requests_calls.adjustments import given

BASIC = "requests.auth.HTTPBasicAuth"
DIGEST = "requests.auth.HTTPDigestAuth"


def visible_pair(login: cst.BaseExpression) -> Sequence[cst.BaseExpression]:
    """The user and the password of a login; nothing when they are not visible."""
    if isinstance(login, cst.Tuple) and len(login.elements) == 2:
        return [one.value for one in login.elements if isinstance(one, cst.Element)]
    found: Mapping[str, cst.BaseExpression] | None = None
    if isinstance(login, cst.Call):
        found = given(login, ("username", "password"))
    return [found["username"], found["password"]] if found is not None and len(found) == 2 else []
