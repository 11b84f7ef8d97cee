"""Handlers around a place, what they catch, and what that means for requests."""

import libcst as cst
import pytest

from codemods.facts.handlers import ExceptionNames, clauses_around
from codemods.facts.syntax import ImportedNames
from codemods.rules.requests_aiohttp.exceptions import EXCEPTIONS
from codemods.rules.requests_calls.caught import use_of_exception
from codemods.rules.requests_calls.exceptions import parts_of
from codemods.tree import Tree

HEAD = "import requests as rq; from requests import Timeout; import errors; from . import own\n"


def the_call(tree):
    (call,) = (one for one in tree.all(cst.Call) if isinstance(one.func, cst.Name) and one.func.value == "CALL")
    return call


def clauses(text, types=()):
    """The clauses around the call of CALL; `types` are pairs of an expression's text and its type."""
    return clauses_and_tree(text, types)[0]


def clauses_and_tree(text, types=()):
    """The same, and the tree they stand in."""
    tree = Tree(f"{HEAD}def f():\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    by_text = dict(types)
    by_span = {tree.span(node): by_text[node.value] for node in tree.all(cst.Name) if node.value in by_text}
    names = ExceptionNames(tree, ImportedNames(tree), lambda: by_span)
    return list(clauses_around(tree, tree.path(the_call(tree)), names)), tree


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("try:\n    CALL()\nexcept Timeout: ...", [("requests.Timeout",)]),
        ("try:\n    CALL()\nexcept rq.Timeout as e: ...", [("requests.Timeout",)]),
        ("try:\n    CALL()\nexcept (KeyError, IOError): ...", [("KeyError", "OSError")]),
        ("try:\n    CALL()\nexcept KeyError: ...\nexcept own.Bad: ...", [("KeyError",), (".own.Bad",)]),
        ("try:\n    CALL()\nexcept *KeyError: ...", [("KeyError",)]),
        ("try:\n    CALL()\nexcept f(): ...", [(None,)]),
        ("try:\n    CALL()\nexcept errors.NETWORK: ...", [(None,)]),
        ("try:\n    CALL()\nexcept (*ALL, KeyError): ...", [(None, "KeyError")]),
        ("try:\n    CALL()\nexcept Unknown: ...", [(None,)]),
        ("try:\n    CALL()\nexcept: ...", []),
        ("try:\n    CALL()\nfinally: ...", []),
        ("try: ...\nexcept KeyError:\n    CALL()", []),
        ("try: ...\nexcept KeyError: ...\nelse:\n    CALL()", []),
        ("try:\n    try: ...\n    finally:\n        CALL()\nexcept KeyError: ...", [("KeyError",)]),
        ("try:\n    def g():\n        CALL()\nexcept KeyError: ...", []),
        ("try:\n    lambda: CALL()\nexcept KeyError: ...", []),
        ("try:\n    lambda x=CALL(): x\nexcept KeyError: ...", [("KeyError",)]),
        ("with suppress(KeyError, (Timeout, OSError)):\n    CALL()", [("KeyError",), ("requests.Timeout", "OSError")]),
        ("with pytest.raises(unknown), x as y:\n    CALL()", [(None,)]),
        ("with open(path) as file:\n    CALL()", []),
        ("with handled(rq.Timeout):\n    CALL()", [("requests.Timeout",)]),
        ("with suppress(f(), 'x'):\n    CALL()", []),
        ("with suppress(KeyError, CALL()): ...", []),
    ],
)
def test_clauses_around_a_call(text, kinds):
    assert [clause.kinds for clause in clauses(text)] == kinds


@pytest.mark.parametrize(
    ("kind", "kinds"),
    [
        ("type[requests.exceptions.Timeout]", ("requests.exceptions.Timeout",)),
        ("type[app.errors.Bad]", ("app.errors.Bad",)),
        ("type[OSError]", ("OSError",)),
        ("tuple[type[KeyError], type[app.Bad]]", ("KeyError | app.Bad",)),
        ("Unknown", (None,)),
        ("tuple[type[KeyError], Unknown]", (None,)),
    ],
)
def test_types_tell_what_a_name_means(kind, kinds):
    (clause,) = clauses("try:\n    CALL()\nexcept NAME: ...", [("NAME", kind)])
    assert clause.kinds == kinds


def test_a_built_in_name_that_the_file_assigns_is_asked_for_its_type():
    text = "try:\n    CALL()\nexcept OSError: ...\nOSError = rq.Timeout"
    assert clauses(text)[0].kinds == (None,)
    assert clauses(text, [("OSError", "type[requests.exceptions.Timeout]")])[0].kinds == (
        "requests.exceptions.Timeout",
    )


def judged(handler):
    (clause,), tree = clauses_and_tree(f"try:\n    CALL()\n{handler}")
    return EXCEPTIONS.judge(clause, "a.py", tree)


@pytest.mark.parametrize(
    "handler",
    [
        "except KeyError: ...",
        "except (KeyError, AttributeError) as error:\n    return error.args",
        "except Exception:\n    raise",
        "except Exception as error:\n    print(error)\n    raise",
        "except own.Bad: ...",
        "except RuntimeError: ...",
    ],
)
def test_handlers_that_catch_the_same_do_not_matter(handler):
    assert judged(handler) is None


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("except TimeoutError: ...", "catches exceptions that aiohttp does not raise"),
        ("except ConnectionError: ...", "catches exceptions that aiohttp does not raise"),
        ("except NETWORK: ...", "catches exceptions that aiohttp does not raise"),
        ("except rq.exceptions.RetryError: ...", "catches exceptions that aiohttp does not raise"),
        ("except (rq.Timeout, own.HTTPError): ...", "catches exceptions that aiohttp does not raise"),
        (
            "except rq.RequestException as e:\n    return e.response.status_code",
            "looks into the exception (e.response): only some of those that are caught have a response, and no test "
            "comes before",
        ),
        (
            "except rq.HTTPError as e:\n    return e.response.text",
            "looks into the exception (e.response): the response is asked for its text: aiohttp's exception does not "
            "carry the body, which has to be read before raise_for_status()",
        ),
        ("except rq.HTTPError as e:\n    raise own.Bad(e) from e", "hands the exception on (own.Bad(e))"),
        ("except rq.HTTPError as e:\n    errors.append(e)", "hands the exception on (errors.append(e))"),
        ("except rq.HTTPError as e:\n    return getattr(e, 'response', None)", "looks into the exception (getattr(e))"),
        ("except rq.HTTPError as e:\n    return hasattr(e, 'response')", "looks into the exception (hasattr(e))"),
        ("except rq.HTTPError as e:\n    return e.args", "looks into the exception (e.args)"),
        ("except rq.HTTPError:\n    return sys.exc_info()[1].response", "hands the exception on (sys.exc_info())"),
        (
            "except rq.HTTPError as e:\n    return sys.exception().errno",
            "looks into the exception (sys.exception().errno)",
        ),
        ("except OSError as e:\n    print(e.errno)", "looks into the exception (e.errno)"),
        (
            "except Exception as e:\n    return isinstance(e, OSError)",
            "looks into the exception (isinstance(e, OSError))",
        ),
        ("except Exception as e:\n    return type(e) is OSError", "looks into the exception (type(e))"),
        ("except rq.Timeout as e:\n    return e", "hands the exception on (e)"),
        ("except OSError as e:\n    self.failed(e)", "hands the exception on (self.failed(e))"),
    ],
)
def test_handlers_that_cannot_be_kept_are_refused(handler, reason):
    guard = judged(handler)
    assert guard is not None
    assert guard.refusal == reason


@pytest.mark.parametrize(
    ("handler", "is_rewritten", "minds_decoding", "note_count"),
    [
        ("except rq.RequestException: ...", True, False, 0),
        ("except rq.RequestException as e:\n    print(f'no: {e}')", True, False, 1),
        ("except rq.RequestException as e:\n    print('no: %s' % e)", True, False, 1),
        ("except rq.HTTPError: ...", True, False, 1),
        ("except IOError: ...", True, False, 0),
        ("except ValueError: ...", False, True, 1),
        ("except rq.JSONDecodeError: ...", True, True, 0),
        ("except (KeyError, rq.Timeout): ...", True, False, 0),
        ("except rq.Timeout as e:\n    print(type(e).__name__)", True, False, 1),
        ("except rq.Timeout as e:\n    raise RuntimeError('no', e) from e", True, False, 1),
        ("except rq.Timeout as e:\n    raise own.Bad(str(e)) from e", True, False, 1),
        ("except rq.Timeout as e:\n    raise own.Bad from e", True, False, 0),
        ("except rq.Timeout:\n    log.error('no', exc_info=sys.exc_info())", True, False, 1),
        ("except rq.Timeout as e:\n    logging.exception('no', exc_info=e)", True, False, 1),
        ("except Exception as e:\n    return e", False, False, 1),
        ("except Exception as e:\n    self.failed(e)", False, False, 1),
    ],
)
def test_handlers_that_can_be_kept(handler, is_rewritten, minds_decoding, note_count):
    guard = judged(handler)
    assert guard is not None
    assert guard.refusal is None
    assert (guard.is_rewritten, guard.minds_decoding, len(guard.notes)) == (is_rewritten, minds_decoding, note_count)


def test_a_context_manager_for_requests_exceptions_is_refused():
    (clause,), tree = clauses_and_tree("with suppress(rq.Timeout):\n    CALL()")
    guard = EXCEPTIONS.judge(clause, "a.py", tree)
    assert guard is not None
    assert guard.refusal == "catches exceptions that aiohttp does not raise"


@pytest.mark.parametrize(
    ("before", "kinds", "about", "after"),
    [
        ("rq.Timeout", ["requests.Timeout"], {}, "asyncio.TimeoutError"),
        ("(rq.Timeout)", ["requests.Timeout"], {}, "(asyncio.TimeoutError)"),
        ("rq.RequestException", ["requests.RequestException"], {}, "(aiohttp.ClientError, asyncio.TimeoutError)"),
        (
            "rq.RequestException",
            ["requests.RequestException"],
            {"decodes": True},
            "(aiohttp.ClientError, asyncio.TimeoutError, json.JSONDecodeError)",
        ),
        (
            "rq.Timeout",
            ["requests.Timeout"],
            {"keeps_old": True, "decodes": True},
            "(rq.Timeout, asyncio.TimeoutError)",
        ),
        (
            "(rq.Timeout, KeyError, rq.ReadTimeout)",
            ["requests.Timeout", "KeyError", "requests.ReadTimeout"],
            {},
            "(asyncio.TimeoutError, KeyError, aiohttp.SocketTimeoutError)",
        ),
        ("OSError", ["OSError"], {}, "(OSError, aiohttp.ClientError, asyncio.TimeoutError)"),
        (
            "(rq.Timeout, rq.RequestException)",
            ["requests.Timeout", "requests.RequestException"],
            {},
            "(asyncio.TimeoutError, aiohttp.ClientError)",
        ),
        (
            "(rq.MissingSchema, rq.InvalidURL)",
            ["requests.MissingSchema", "requests.InvalidURL"],
            {},
            "(aiohttp.InvalidURL)",
        ),
    ],
)
def test_what_a_handler_names_afterwards(before, kinds, about, after):
    node = cst.parse_expression(before)
    made = EXCEPTIONS.rewritten(node, kinds, lambda module: module, **{"keeps_old": False, "decodes": False, **about})
    assert cst.Module([]).code_for_node(made) == after


def test_every_class_that_is_named_instead_exists():
    aiohttp = pytest.importorskip("aiohttp")
    for names in EXCEPTIONS.translations.values():
        for name in names:
            module, _, last = name.partition(".")
            assert module in {"aiohttp", "asyncio", "json"}
            if module == "aiohttp":
                assert issubclass(getattr(aiohttp, last), Exception)


def test_parts_of_an_expression():
    assert len(parts_of(cst.parse_expression("(A, B)"))) == 2
    assert len(parts_of(cst.parse_expression("A.B"))) == 1


def test_no_handler_uses_no_exception():
    assert use_of_exception(None).looked_into is None


@pytest.mark.parametrize(
    ("handler", "is_final"),
    [
        ("except rq.RequestException: ...", True),
        ("except (KeyError, rq.RequestException) as e:\n    print(e)", True),
        ("except Exception as e:\n    raise own.Bad(e) from e", True),
        ("except rq.RequestException:\n    raise", False),
        ("except rq.RequestException as e:\n    raise e", False),
        ("except rq.RequestException as e:\n    if bad:\n        raise e.with_traceback(None)", False),
        ("except rq.RequestException as e:\n    errors.append(e)", False),
        ("except Exception as e:\n    last = e", False),
        ("except rq.Timeout: ...", False),
        ("except OSError: ...", False),
    ],
)
def test_a_handler_is_final_when_nothing_passes_it(handler, is_final):
    guard = judged(handler)
    assert guard is not None
    assert guard.is_final is is_final


def test_a_context_manager_is_never_final():
    (clause,), tree = clauses_and_tree("with retrying(Exception):\n    CALL()")
    guard = EXCEPTIONS.judge(clause, "a.py", tree)
    assert guard is None or not guard.is_final
