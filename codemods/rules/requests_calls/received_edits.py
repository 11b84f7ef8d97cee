"""Names the classes of another library where annotations name those of requests."""

from __future__ import annotations

from codemods.model import Span
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.adjustments import dotted
from codemods.rules.requests_calls.session_blocks import class_in_place_of


def add_class(edits: Edits, imports: FileImports, annotation: Span, module: str, name: str) -> None:
    """Names a class of a library where a part of an annotation names one of requests."""
    node = edits.tree.expression(annotation)
    assert node is not None, annotation
    named = dotted(f"{imports.name_of(module, node)}.{name}")
    imports.release(node, module)
    edits.replace(node, lambda updated: class_in_place_of(updated, named))
