"""What the text of a file says of its names, for files that are not parsed: which are modules from outside.

Read with patterns that err towards "cannot be told".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator

_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n#;]+)", re.M)
_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)", re.M)


def foreign_names(text: str, project: Collection[str], among: Container[str]) -> dict[str, bool]:
    """The wanted names that a file binds to something outside of the project, and whether each is a module for certain.

    `project` holds the top-level names of the project's own modules. Names that the file may bind otherwise too are
    left out.
    """
    found: dict[str, bool] = {}
    for name, is_module, is_foreign in _imports(text, project):
        found[name] = is_module and found.get(name, True) if is_foreign else False
        if not is_foreign:
            found.pop(name)
    return {
        name: is_module for name, is_module in found.items() if name in among and not _is_bound_otherwise(text, name)
    }


def _imports(text: str, project: Collection[str]) -> Iterator[tuple[str, bool, bool]]:
    for match in _IMPORT.finditer(text):
        for part in match[1].split(","):
            module, _, alias = (word.strip() for word in part.partition(" as "))
            first = module.partition(".")[0]
            yield alias or first, True, first not in project
    for match in _FROM.finditer(text):
        first = match[1].partition(".")[0]
        for part in match[2].strip("()").split(","):
            name, _, alias = (word.strip() for word in re.sub(r"#[^\n]*", "", part).partition(" as "))
            if name:
                yield alias or name, False, first != "" and first not in project


def _is_bound_otherwise(text: str, name: str) -> bool:
    word = re.escape(name)
    return any(
        re.search(pattern, text, flags) is not None
        for pattern, flags in (
            (rf"(?<![\w.]){word}[ \t]*(?::[^=\n]*)?(?:=(?!=)|:=)", 0),
            (rf"\bfor\b[^\n]*\b{word}\b[^\n]*\bin\b", 0),
            (rf"^(?![ \t]*(?:import|from)\b)[^\n]*\bas[ \t]+{word}\b", re.M),
            (rf"\bdef\s+\w+\s*(?:\[[^\]]*\])?\([^)]*\b{word}\b", 0),
            (rf"\blambda\b[^:\n]*\b{word}\b", 0),
            (rf"\b(?:class|def)\s+{word}\b|\bglobal\b[^\n]*\b{word}\b|,[ \t]*{word}[ \t]*(?:,[^\n]*)?=(?!=)", 0),
        )
    )
