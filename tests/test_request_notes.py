"""What is said of a request whose native form differs."""

from pathlib import Path

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Scope

_BODIES = {
    "in_a_block": ("r = requests.get(url)\n    print(r.text)", True),
    "in_an_expression": ("print(requests.get(url).ok)", True),
    "in_a_with": ("with requests.get(url) as r:\n        print(r.ok)", True),
    "dropped": ("requests.get(url)", False),
    "kept": ("try:\n        r = requests.get(url)\n    except KeyError:\n        return\n    print(r.text)", False),
    "under_handlers": (
        "r = requests.get(url)\n    try:\n        print(r.text)\n    except KeyError:\n        pass",
        False,
    ),
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("notes")
    for name, (body, _) in _BODIES.items():
        (folder / f"{name}.py").write_text(f"import requests\n\n\nasync def main(url):\n    {body}\n", encoding="utf-8")
    migration = migrate([folder], Config(scope=Scope.ASYNC))
    return {Path(finding.path).stem: "\n".join(finding.notes) for finding in migration.findings}


@pytest.mark.parametrize("name", _BODIES)
def test_a_body_that_is_not_read_at_once_is_told(name: str, notes: dict[str, str]) -> None:
    assert ("a body that breaks off" in notes[name]) is _BODIES[name][1]
