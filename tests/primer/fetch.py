"""Gets a pinned source distribution with pip, checks and unpacks it; makes the shared environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.primer.projects import PrimerError, Project


def default_cache() -> Path:
    """The `awaitify-primer` folder in the user's cache folder."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "awaitify-primer"


def fetch(project: Project, cache: Path) -> Path:
    """The folder of the unpacked project, downloaded only when the cache lacks it.

    Raises PrimerError when pip fails, the hash differs, or the archive has an unexpected shape.
    """
    archive = cache / "sdists" / f"{project.folder_name}.tar.gz"
    if not archive.exists():
        _download(project, archive)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != project.sha256:
        raise PrimerError(
            f"{archive}: its sha256 is {found}, pinned is {project.sha256}: delete it, or correct projects.toml"
        )
    folder = cache / "sources" / project.folder_name
    if not folder.exists():
        _unpack(archive, folder)
    if not (folder / project.subdirectory).is_dir():
        raise PrimerError(f"{folder}: there is no {project.subdirectory!r}: correct projects.toml")
    return folder


def shared_environment(requirements: Sequence[str], cache: Path) -> Path:
    """The interpreter of one virtual environment with all requirements, made once for each set of them.

    Only wheels are installed: nothing is built. Raises PrimerError when pip fails.
    """
    key = "\n".join((f"{sys.version_info.major}.{sys.version_info.minor}", *requirements))
    folder = cache / f"environment-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    venv.create(folder, clear=True, symlinks=True)
    if requirements:
        _pip(["--python", str(python), "install", "--only-binary", ":all:", *requirements], "the environment")
    complete.touch()
    return python


def _download(project: Project, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        pin = Path(scratch, "pin.txt")
        # With a hash in the pin, pip compares before it runs any of the project's build code.
        pin.write_text(f"{project.name}=={project.version} --hash=sha256:{project.sha256}\n", encoding="utf-8")
        target = Path(scratch, "target")
        arguments = ["--no-deps", "--no-binary", project.name, "--require-hashes", "-r", str(pin)]
        _pip(["download", *arguments, "-d", str(target)], project.folder_name)
        archives = list(target.glob("*.tar.gz"))
        if len(archives) != 1:
            raise PrimerError(f"{project.folder_name}: pip left no .tar.gz: choose another project or version")
        archives[0].replace(archive)


def _pip(arguments: Sequence[str], what: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise PrimerError(f"{what}: pip exited with {done.returncode}; is the registry reachable?\n{tail}")


def _unpack(archive: Path, folder: Path) -> None:
    """Moves the archive's only top folder to `folder`, so that a broken run leaves no half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        tops = list(scratch.iterdir())
        if len(tops) != 1 or not tops[0].is_dir():
            raise PrimerError(f"{archive}: it does not hold exactly one folder: choose another project")
        tops[0].rename(folder)
    except tarfile.TarError as error:
        raise PrimerError(f"{archive}: {error}: delete it and run again") from error
    finally:
        shutil.rmtree(scratch)
