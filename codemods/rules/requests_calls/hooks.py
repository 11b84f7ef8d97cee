"""`hooks=`, as far as one plain hook can be seen.

Source: the verified table, sections 1 and 2.9.
"""

from __future__ import annotations

import libcst as cst

from codemods.rules.requests_calls.adjustments import LEFT_OUT, Adjustment, Answer
from codemods.rules.rule import Refusal


def check_hooks(value: cst.BaseExpression, raises: Adjustment) -> Answer:
    """What becomes of `hooks=`: `raises` if all that is hooked in does nothing but `raise_for_status()`."""
    match value:
        case cst.Dict(elements=[]):
            return LEFT_OUT, []
        case cst.Dict(elements=[cst.DictElement(key=cst.SimpleString() as key, value=cst.Lambda() as hook)]):
            if key.evaluated_value == "response" and _only_raises(hook):
                return raises, []
    return Refusal("its hooks= may do anything with the response")


def _only_raises(hook: cst.Lambda) -> bool:
    """Whether a hook is `lambda response, *args, **kwargs: response.raise_for_status()`."""
    if not hook.params.params:
        return False
    match hook.body:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=of), attr=cst.Name(value="raise_for_status")), args=[]):
            return of == hook.params.params[0].name.value
    return False
