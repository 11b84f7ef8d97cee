"""Runs one command and says what it cost, its children included. POSIX only (`os.wait4`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """What a finished command left behind."""

    exit_code: int
    """Negative: the number of the signal that ended it."""
    stdout: bytes = field(repr=False)
    stderr: str = field(repr=False)
    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, of the command and all descendants that were waited for."""
    peak: int
    """Bytes: the largest resident size that any single process of the tree had."""
    timed_out: bool


def run(command: Sequence[str], cwd: Path, timeout: float) -> Run:
    """Runs `command` in `cwd`; after `timeout` seconds it and its descendants are killed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        expired = threading.Event()

        def end() -> None:
            expired.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            # Not Popen.wait: only wait4 gives the cost of this one tree.
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
            timer.join()
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Run(
            exit_code=process.returncode,
            stdout=out.read(),
            stderr=err.read().decode(errors="replace"),
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            peak=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            timed_out=expired.is_set(),
        )
