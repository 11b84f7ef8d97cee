"""Whether a response may still be used once something that was done with it has failed."""

from textwrap import dedent, indent

import libcst as cst
import pytest

from codemods.parsing import parse
from codemods.rules.requests_calls.failing import goes_on_with
from codemods.tree import Tree


def goes_on(body: str, *, is_made_here: bool = False) -> bool:
    """Asks of the first `r` that is given to `check`."""
    tree = parse("a.py", f"def f():\n{indent(dedent(body), '    ')}")
    assert isinstance(tree, Tree)
    call = min(
        (one for one in tree.all(cst.Call) if isinstance(one.func, cst.Name) and one.func.value == "check"),
        key=tree.offsets,
    )
    return goes_on_with(tree, tree.path(call.args[0].value), is_made_here=is_made_here)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("check(r)", False),
        ("if a:\n    check(r)\nprint(r)", False),
        ("try:\n    check(r)\nexcept E:\n    print(1)", True),
        ("try:\n    check(r)\nexcept E as e:\n    raise X from e", False),
        ("try:\n    check(r)\nexcept E:\n    print(1)\n    raise", False),
        ("try:\n    check(r)\nexcept E:\n    raise X(r.content)", True),
        ("try:\n    check(r)\nexcept E:\n    raise X\nexcept F:\n    pass", True),
        ("try:\n    check(r)\nexcept E:\n    if a:\n        return\n    raise", True),
        (
            "for a in b:\n    try:\n        check(r)\n    except E:\n        if a:\n            break\n        raise",
            True,
        ),
        ("try:\n    check(r)\nfinally:\n    print(1)", False),
        ("try:\n    check(r)\nfinally:\n    print(r)", True),
        ("try:\n    pass\nexcept E:\n    check(r)\nfinally:\n    print(r)", True),
        ("try:\n    pass\nexcept E:\n    check(r)", False),
        ("try:\n    try:\n        check(r)\n    except E:\n        raise\nexcept E:\n    pass", True),
        ("with a:\n    check(r)", True),
        ("try:\n    check(get())\nexcept E:\n    pass", False),
        ("q = look(r)\ntry:\n    check(r)\nexcept E:\n    raise X(q.content)", True),
        ("r = look(q)\ntry:\n    check(r)\nexcept E:\n    raise X(q.content)", True),
        ("q = look(1)\ntry:\n    check(r)\nexcept E:\n    raise X(q.content)", False),
    ],
)
def test_what_goes_on_after_a_failure(body: str, expected: bool) -> None:
    assert goes_on(body) is expected


@pytest.mark.parametrize("is_made_here", [False, True])
def test_a_function_that_has_made_it_may_return(is_made_here: bool) -> None:
    assert goes_on("try:\n    check(r)\nexcept E:\n    return None", is_made_here=is_made_here) is not is_made_here
