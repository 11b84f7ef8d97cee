"""`verify=` and `cert=`: whom a request trusts, and how it shows who asks.

Source: the verified table, section 2.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.evaluation import is_pure
from codemods.rules.requests_calls.adjustments import (
    LEFT_OUT,
    Adjustment,
    Answer,
    NameOf,
    Renamed,
    assignment,
    called,
    dotted,
    expression,
    keyword_argument,
)
from codemods.rules.requests_calls.expressions import imported_name, is_name
from codemods.rules.rule import Refusal
from codemods.tree import Tree, dotted_name

_FILES = (".pem", ".crt", ".cer", ".cert")
"""How names of certificate files end: requests also takes a directory."""


@dataclass(frozen=True, slots=True)
class TrustedFile(Adjustment):
    """The file of the certificates that are trusted, and no others."""

    keyword: str

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [argument.with_changes(keyword=cst.Name(self.keyword), value=_context(argument.value, name_of))]


def _context(trusted: cst.BaseExpression | None, name_of: NameOf) -> cst.Call:
    function = dotted(f"{name_of('ssl')}.create_default_context")
    return called(function) if trusted is None else called(function, cafile=trusted)


@dataclass(frozen=True, slots=True)
class OwnCertificate(Adjustment):
    """The certificate that shows who asks: loaded into a context that also says whom to trust."""

    context: str
    """The variable that holds the context."""
    keyword: str

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [keyword_argument(self.keyword, cst.Name(self.context)).with_changes(comma=argument.comma)]

    def statements(self, arguments: Mapping[str, cst.BaseExpression], name_of: NameOf) -> Iterator[cst.BaseStatement]:
        verify, files = arguments.get("verify"), arguments["cert"]
        trusted = None if verify is None or dotted_name(verify) in {"True", "False", "None"} else verify
        yield assignment(cst.Name(self.context), _context(trusted, name_of))
        if is_name(verify, "False"):
            yield assignment(dotted(f"{self.context}.check_hostname"), cst.Name("False"))
            yield assignment(dotted(f"{self.context}.verify_mode"), dotted(f"{name_of('ssl')}.CERT_NONE"))
        parts = [one.value for one in files.elements] if isinstance(files, cst.Tuple) else [files]
        yield expression(called(dotted(f"{self.context}.load_cert_chain"), *parts))


def check_verify(value: cst.BaseExpression, kind: str | None, tree: Tree, keyword: str) -> Answer:
    """What becomes of `verify=`: `keyword` takes a bool or a context instead."""
    if is_name(value, "True"):
        return LEFT_OUT, []
    if is_name(value, "False") or kind == "bool":
        return Renamed(keyword), []
    is_certifi = isinstance(value, cst.Call) and imported_name(tree, value.func) == "certifi.where"
    if is_certifi or _is_file(value):
        return TrustedFile(keyword), []
    return Refusal("verify= is not known to be a bool or a file of certificates")


def _is_file(value: cst.BaseExpression) -> bool:
    if not isinstance(value, cst.SimpleString):
        return False
    name = value.evaluated_value
    return isinstance(name, str) and name.lower().endswith(_FILES)


def check_certificate(arguments: Mapping[str, cst.BaseExpression], context: str, keyword: str) -> Answer:
    """What becomes of `cert=` among all arguments; `context` is a variable that is free, `keyword` takes it."""
    value, verify = arguments["cert"], arguments.get("verify")
    parts = [one.value for one in value.elements] if isinstance(value, cst.Tuple) else [value]
    if len(parts) > 2 or not all(is_pure(one) for one in parts):
        return Refusal("cert= is more than a file or two")
    if not isinstance(value, cst.Tuple) and not isinstance(value, cst.SimpleString):
        return Refusal("cert= is not known to be one file or two")
    is_visible = verify is None or dotted_name(verify) in {"True", "False", "None"} or _is_file(verify)
    return (
        (OwnCertificate(context, keyword), [])
        if is_visible
        else Refusal("cert= stands beside a verify= that cannot be seen")
    )
