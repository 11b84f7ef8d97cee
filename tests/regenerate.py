"""`python -m tests.regenerate`: writes what every fixture becomes now into its `after`.

For a change that many fixtures share, such as where an import goes. What it writes is no better than the code: read
`git diff tests/fixtures` line by line before you commit it. It makes the `.after.py` of a new case too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.fixture_cases import HEADER, RULES, load_project_cases, load_rule_cases, read_tree, write_tree
from tests.test_projects import migrate_tree


def _complete_cases() -> None:
    """Gives every new case an `.after.py`: a case without one cannot be loaded."""
    for before in RULES.glob("*/*.before.py"):
        after = before.with_name(before.name.replace(".before.", ".after."))
        if not after.exists():
            header = HEADER.match(before.read_bytes())
            after.write_bytes((header[0] if header else b"") + b"# made by tests.regenerate\n")


def main() -> None:
    """Writes the fixtures of rules, then those of projects."""
    _complete_cases()
    from tests.test_rules import run  # it loads the cases when it is imported

    cases = load_rule_cases()
    for setting in {one.setting for one in cases}:
        with tempfile.TemporaryDirectory() as folder:
            done = run(Path(folder), setting, {one.module: one.before for one in cases if one.setting == setting})
        for case in cases:
            path = RULES / case.rule / f"{case.name}.after.py"
            if case.setting == setting and path.exists() and case.after != done.after[case.module]:
                header = HEADER.match(path.read_bytes())
                path.write_bytes((header[0] if header else b"") + done.after[case.module])
                print(path)
    for project in load_project_cases():
        with tempfile.TemporaryDirectory() as folder:
            update = project.update_requirements
            _, tree = migrate_tree(Path(folder), read_tree(project.before), project.scope, update_requirements=update)
        if tree != read_tree(project.after):
            write_tree(project.after, tree)
            print(project.after)


if __name__ == "__main__":
    main()
