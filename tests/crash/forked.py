"""Workers that are forked off one process which has imported the portal: importing takes longer than what most of them
do. A forked worker is a process of its own; SIGKILL ends it as it ends any other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")


class Nursery:
    """Runs one worker after the other to its end. Started with the first."""

    def __init__(self) -> None:
        self._parent: subprocess.Popen[str] | None = None

    def run(self, orders: dict[str, Any], *, temp: Path, errors: Path, timeout: float) -> int:
        """A worker's status, -9 when it was killed. TimeoutError when it took longer than `timeout` seconds."""
        if self._parent is None:
            self._parent = subprocess.Popen(
                [sys.executable, str(WORKER), "--fork"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        told, heard = self._parent.stdin, self._parent.stdout
        assert told is not None and heard is not None
        told.write(
            json.dumps({"orders": orders, "errors": str(errors), "env": {**os.environ, "TMPDIR": str(temp)}}) + "\n"
        )
        told.flush()
        process, late = int(heard.readline()), threading.Event()
        timer = threading.Timer(timeout, lambda: (late.set(), os.kill(process, signal.SIGKILL)))
        timer.start()
        status = int(heard.readline())
        timer.cancel()
        if late.is_set():
            raise TimeoutError(f"a worker took longer than {timeout} s: {orders}")
        return status


NURSERY = Nursery()  # one a test process, and ends with it: its standard input is closed then
