"""Has places that name a class name the twin that takes its place."""

from __future__ import annotations

import re

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.planning.facts import TwinName
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports


def name_twin(edits: Edits, imports: FileImports, names: ImportedNames, name: TwinName) -> None:
    """Has one place name a twin, in an annotation in quotes, too.

    Raises LookupError when nothing that names the class stands there.
    """
    node = edits.tree.expression(name.span)
    if isinstance(node, cst.SimpleString):
        found = [one for one in re.finditer(r"[\w.]+", node.raw_value) if _is_class(one[0])]
        if len(found) != 1:
            raise LookupError(f"no class is named in line {name.span.line}")
        written = cst.parse_expression(found[0][0])
        made = edits.tree.module.code_for_node(_named(imports, names, name, written, node))
        text = node.raw_value[: found[0].start()] + made + node.raw_value[found[0].end() :]
        quoted = node.with_changes(value=f"{node.prefix}{node.quote}{text}{node.quote}")
        edits.replace(node, lambda _: quoted)
    elif isinstance(node, cst.Name | cst.Attribute):
        written = _named(imports, names, name, node, node)
        edits.replace(node, lambda updated: _as_written(written, updated))
    else:
        raise LookupError(f"no class is named in line {name.span.line}")


def _named(
    imports: FileImports, names: ImportedNames, name: TwinName, written: cst.BaseExpression, node: cst.BaseExpression
) -> cst.BaseExpression:
    """What the twin is called in the place of an expression, which stands in `node`, as a text or as it is."""
    module, _, member = name.twin.rpartition(".")
    origin = names.resolve(written) or ""
    is_as_known = origin == name.known_as or origin.startswith(".") or "." not in origin
    if is_as_known and module == name.known_as.rpartition(".")[0]:
        if isinstance(written, cst.Name):
            imports.release(node, None)
        return imports.member_beside(written, member, node)
    imports.release(node, module)
    if isinstance(written, cst.Attribute) and imports.submodule_of(module, written):
        return cst.parse_expression(name.twin)
    return cst.Name(imports.taken_from(module, member, written, node))


def _is_class(word: str) -> bool:
    return word.rpartition(".")[2] not in {"Optional", "None"}


def _as_written(made: cst.BaseExpression, node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.BaseExpression)
    return made.with_changes(lpar=node.lpar, rpar=node.rpar)
