"""What code does with a response, as far as httpx can do it.

Source: the verified table, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import libcst as cst

from codemods.facts.syntax import Position, enclosing_function, place_of_path
from codemods.rules.names import is_bound
from codemods.rules.requests_calls import parts, streams
from codemods.rules.requests_calls.attributes import Attribute, Handle, Method, Missing, handled, json
from codemods.rules.requests_calls.handling import Handling, PlacedUse, ResponseUse
from codemods.rules.requests_httpx.bodies import check_encoding, stream_uses
from codemods.rules.rule import Refusal
from codemods.tree import Tree

Path = tuple[cst.CSTNode, ...]

RAISES = streams.STREAMS | {ResponseUse.RAISE, ResponseUse.RAISE_MORE, ResponseUse.READ}
"""The uses that may raise what httpx raises: the body is there, unless it is streamed."""

READS = frozenset({ResponseUse.TEXT, ResponseUse.JSON, ResponseUse.JSON_GIVEN, ResponseUse.CONTENT})
"""The uses that ask for the whole body."""

DECODES = frozenset({ResponseUse.JSON, ResponseUse.JSON_GIVEN})
"""The uses that may raise what is no JSON."""

_JSON_NOTE = (
    "httpx takes JSON as UTF-8, UTF-16 or UTF-32 whatever the server names, and raises UnicodeDecodeError for bytes "
    "that do not fit; requests decodes the text as the server says"
)
NOTES: Mapping[ResponseUse, str] = {
    ResponseUse.TEXT: (
        "httpx takes a body as UTF-8 where the server names no charset; requests takes Latin-1 or guesses"
    ),
    ResponseUse.JSON: _JSON_NOTE,
    ResponseUse.JSON_GIVEN: _JSON_NOTE,
    ResponseUse.URL: "httpx's URL of a host alone has no slash at its end, and what needs no escapes is left as it is",
    ResponseUse.RAISE_MORE: "httpx raises for redirects that are not followed, and for 304, too; requests does not",
    ResponseUse.HEADERS: "httpx takes letters beyond ASCII in headers as UTF-8 where they are; requests takes Latin-1",
    ResponseUse.CHUNKS: (
        "httpx waits until a chunk is as long as asked for, and gives what comes where the size is None; requests "
        "gives what a server sends in pieces as it comes, and else all at once for None"
    ),
    ResponseUse.LINES: (
        "httpx splits the text that a body stands for, also at vertical tabs, form feeds and the like, so that bytes "
        "which do not fit the charset are lost; requests splits the bytes"
    ),
}
"""How a use differs, in words."""

OF_DECODED_TEXT = dict.fromkeys(DECODES, NOTES[ResponseUse.TEXT])
"""The same of JSON that is decoded from the text."""

_HOP_USES = frozenset(
    {ResponseUse.SAME, ResponseUse.OK, ResponseUse.REASON, ResponseUse.URL, ResponseUse.HEADERS, ResponseUse.TEXT}
    | {ResponseUse.CONTENT}
)
"""What is done with a response that was a redirect."""
_OF_HOPS = {ResponseUse.CONTENT: ResponseUse.SAME}


def headers(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    made = parts.headers(path)
    if isinstance(made, Handling) and made.use is ResponseUse.EVERY_HEADER:
        return Refusal("the response's headers are listed, copied or counted, which httpx does in another way")
    return made


def _raise_for_status(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    made = Method(ResponseUse.RAISE)(path)
    if isinstance(made, Handling) and not isinstance(path[-4], cst.Expr):
        return Refusal("raise_for_status() is used as a value, and gives the response in httpx")
    match path[-6:-3]:
        case (cst.IndentedBlock(), cst.SimpleStatementLine(body=[_]), _):
            return made
    return replace(made, use=ResponseUse.RAISE_MORE) if isinstance(made, Handling) else made


_ATTRIBUTES: Mapping[str, Handle] = {
    "status_code": Attribute(ResponseUse.SAME),
    "ok": Attribute(ResponseUse.OK),
    "reason": Attribute(ResponseUse.REASON),
    "url": Attribute(ResponseUse.URL, "str"),
    "text": Attribute(ResponseUse.TEXT),
    "content": Attribute(ResponseUse.CONTENT),
    "is_redirect": Attribute(ResponseUse.IS_REDIRECT),
    "json": json,
    "raise_for_status": _raise_for_status,
    "close": Method(ResponseUse.CLOSE),
    "headers": headers,
    "cookies": parts.cookies,
    "links": parts.links,
    "history": parts.history,
    "request": parts.request,
    "encoding": parts.encoding,
    "__iter__": streams.response,
    "iter_content": streams.chunks,
    "iter_lines": streams.lines,
    "elapsed": Missing("httpx measures until the body is read"),
    "raw": Missing("httpx has no response of urllib3 beneath its own"),
    "apparent_encoding": Missing("httpx does not guess the encoding of a body"),
    "next": Missing("httpx prepares the next request of a redirect for itself"),
    "connection": Missing("httpx has no adapters"),
}


def place_uses(
    tree: Tree, paths: Iterable[Path], function: cst.FunctionDef, calls: Sequence[cst.Call]
) -> tuple[PlacedUse, ...] | Refusal:
    """What is done with the response of some calls at the ends of paths, all within a function."""
    placed: list[tuple[PlacedUse, Path]] = []
    for path in paths:
        use = _place_use(tree, path, function)
        if isinstance(use, Refusal):
            return use
        placed.append((use, path))
        further = parts.hops(tree, path)
        if isinstance(further, Refusal):
            return further
        for hop in further:
            of_hop = _place_use(tree, hop, function)
            if isinstance(of_hop, Refusal):
                return of_hop
            if of_hop.use not in _HOP_USES:
                return Refusal(f"more is asked of a redirect than its head in line {of_hop.node.line}")
            # its body is there, even where that of the last response is streamed
            placed.append((replace(of_hop, use=_OF_HOPS.get(of_hop.use, of_hop.use)), hop))
    refusal = check_encoding(tree, placed, calls)
    if refusal is not None:
        return refusal
    if any(map(streams.is_streamed, calls)):
        return stream_uses(tree, placed, calls)
    iterated = next((use for use, _ in placed if use.use in streams.STREAMS), None)
    if iterated is not None:
        return Refusal(f"the response is iterated in line {iterated.node.line}, and not asked for with stream=True")
    return tuple(use for use, _ in placed)


def _place_use(tree: Tree, path: Path, function: cst.FunctionDef) -> PlacedUse | Refusal:
    line = tree.span(path[-1]).line
    if enclosing_function(path) is not function:
        return Refusal(f"the response is used by a nested function in line {line}")
    handling = handled(path, "httpx", _ATTRIBUTES)
    if isinstance(handling, Refusal):
        return Refusal(f"{handling.reason} in line {line}")
    node = path[-1 - handling.depth]
    needed = "dict" if handling.use is ResponseUse.EVERY_COOKIE else handling.builtin
    if needed is not None and is_bound(tree, needed, path[-1]):
        return Refusal(f"the file binds the name {needed}, which the response's {handling.use} needs")
    if handling.use in streams.STREAMS | {ResponseUse.CLOSE}:
        position, blocker = place_of_path(path[: len(path) - handling.depth], tree.no_await)
        if position is not Position.AWAITABLE:
            does = "closed" if handling.use is ResponseUse.CLOSE else "iterated"
            return Refusal(f"the response is {does} {blocker or 'where it is awaited'} in line {line}")
    return PlacedUse(tree.span(node), tree.span(path[-1]), handling.use)


def notes_of(uses: Iterable[PlacedUse], notes: Mapping[ResponseUse, str]) -> tuple[str, ...]:
    """How the uses of a response differ, each difference once."""
    return tuple(dict.fromkeys(notes[one.use] for one in uses if one.use in notes))
