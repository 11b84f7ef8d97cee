"""Writing is all or nothing: bytes on disk before and after, with failures put at every step."""

import os
import stat
from pathlib import Path

import pytest

from codemods.errors import WriteError
from codemods.model import FileChange, SourceFile
from codemods.transaction import write_changes

BEFORE = b"import time\n"
AFTER = b"import asyncio\n"


def changed(path, before=BEFORE, after=AFTER):
    return FileChange(SourceFile(path, path.name, before), after, "utf-8")


@pytest.fixture
def files(tmp_path):
    """Three files that are as they were read."""
    paths = [tmp_path / name for name in ("a.py", "b.py", "c.py")]
    for path in paths:
        path.write_bytes(BEFORE)
    return paths


def contents(files):
    return [path.read_bytes() for path in files]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def break_rename(monkeypatch, of, error, *, suffix=".new"):
    """Renaming a file with `suffix` onto the name `of` fails."""
    original = Path.replace

    def replace(self, target):
        if Path(target).name == of and self.suffix == suffix:
            raise error
        return original(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_all_files_are_written_and_nothing_is_left_beside_them(files, tmp_path):
    write_changes([changed(path) for path in files])
    assert contents(files) == [AFTER] * 3
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_no_changes_are_no_work(tmp_path):
    write_changes([])
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o664])
def test_mode_bits_are_kept(files, mode):
    files[0].chmod(mode)
    write_changes([changed(files[0])])
    assert stat.S_IMODE(files[0].stat().st_mode) == mode
    assert files[0].read_bytes() == AFTER


def test_a_symbolic_link_stays_and_its_file_is_written(tmp_path):
    real = tmp_path / "real" / "module.py"
    real.parent.mkdir()
    real.write_bytes(BEFORE)
    link = tmp_path / "link.py"
    link.symlink_to(real)
    write_changes([changed(link)])
    assert link.is_symlink()
    assert real.read_bytes() == AFTER
    assert names_in(real.parent) == ["module.py"]


def test_a_file_that_changed_since_it_was_read_stops_everything(files, tmp_path):
    files[1].write_bytes(b"edited = True\n")
    with pytest.raises(WriteError, match=r"changed since awaitify read it: b\.py; nothing was written"):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE, b"edited = True\n", BEFORE]
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_every_file_that_changed_or_went_away_is_named(files):
    files[0].unlink()
    files[2].write_bytes(b"")
    with pytest.raises(WriteError, match=r"a\.py, c\.py"):
        write_changes([changed(path) for path in files])
    assert not files[0].exists()
    assert files[1].read_bytes() == BEFORE


def test_a_file_without_write_permission_stops_everything(files, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "b.py")
    with pytest.raises(WriteError, match=r"no permission to write b\.py; nothing was written"):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE] * 3


def test_a_full_disk_while_preparing_leaves_everything_as_it_was(files, tmp_path, monkeypatch):
    synced = []

    def fsync(descriptor):
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(WriteError, match=r"cannot write b\.py: .*No space left on device; nothing was written"):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE] * 3
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_every_content_is_on_disk_before_the_first_file_is_replaced(files, monkeypatch):
    steps = []
    original_replace, original_fsync = Path.replace, os.fsync

    def fsync(descriptor):
        steps.append("sync")
        original_fsync(descriptor)

    def replace(self, target):
        steps.append("rename")
        return original_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_changes([changed(path) for path in files])
    assert steps == ["sync"] * 3 + ["rename"] * 3


@pytest.mark.parametrize("failing", ["a.py", "b.py", "c.py"])
def test_a_failing_rename_puts_the_renamed_files_back(files, tmp_path, monkeypatch, failing):
    before = [path.stat().st_ino for path in files]
    break_rename(monkeypatch, failing, PermissionError(13, "Permission denied"))
    with pytest.raises(WriteError, match=rf"cannot write {failing}: .*every file is as it was"):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE] * 3
    assert [path.stat().st_ino for path in files] == before
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_ctrl_c_between_renames_puts_the_renamed_files_back(files, tmp_path, monkeypatch):
    break_rename(monkeypatch, "c.py", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE] * 3
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_where_putting_back_fails_the_old_content_is_kept_and_named(files, tmp_path, monkeypatch):
    break_rename(monkeypatch, "a.py", OSError(5, "Input/output error"), suffix=".old")
    break_rename(monkeypatch, "c.py", OSError(5, "Input/output error"))
    with pytest.raises(WriteError, match=r"writing c\.py failed.*putting back a\.py") as raised:
        write_changes([changed(path) for path in files])
    assert contents(files) == [AFTER, BEFORE, BEFORE]
    (kept,) = tmp_path.glob(".a.py.awaitify-*.old")
    assert str(kept) in str(raised.value)
    assert kept.read_bytes() == BEFORE
    assert names_in(tmp_path) == [kept.name, "a.py", "b.py", "c.py"]


def test_without_hard_links_the_old_content_is_copied_and_put_back(files, tmp_path, monkeypatch):
    def refused(self, target):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    files[0].chmod(0o640)
    untouched = files[2].stat().st_ino
    break_rename(monkeypatch, "b.py", OSError(5, "Input/output error"))
    with pytest.raises(WriteError, match="every file is as it was"):
        write_changes([changed(path) for path in files])
    assert contents(files) == [BEFORE] * 3
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o640
    assert files[2].stat().st_ino == untouched
    assert names_in(tmp_path) == ["a.py", "b.py", "c.py"]


def test_one_file_under_two_names_is_written_once(files, tmp_path):
    link = tmp_path / "link.py"
    link.symlink_to(files[0])
    write_changes([changed(files[0]), changed(link)])
    assert files[0].read_bytes() == AFTER
    assert link.is_symlink()


def test_one_file_under_two_names_with_two_results_is_refused(files, tmp_path):
    link = tmp_path / "link.py"
    link.symlink_to(files[0])
    with pytest.raises(WriteError, match=r"two results: a\.py and link\.py"):
        write_changes([changed(files[0]), changed(link, after=b"other\n")])
    assert files[0].read_bytes() == BEFORE


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("n" * 252 + ".py")
    path.write_bytes(BEFORE)
    write_changes([changed(path)])
    assert path.read_bytes() == AFTER
    assert names_in(tmp_path) == [path.name]
