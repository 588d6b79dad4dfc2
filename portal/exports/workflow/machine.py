"""Where a process runs, so that others know whether its process number says anything to them."""

from __future__ import annotations

import functools
import hashlib
import os
import socket
from pathlib import Path

LONGEST_NAME = 12
MARK_CHARACTERS = 12


@functools.cache
def this_machine() -> str:
    """At most 25 characters without `@`: the same for two processes only when each can ask the system for the other.

    A host's name does not say that: containers made from one template begin with the same letters, machines made from
    one image may have the same name, and containers on one machine number their processes apart (pid_namespaces(7)).
    """
    marks = [socket.gethostname(), _boot(), _process_numbers()]
    digest = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:MARK_CHARACTERS]
    return f"{socket.gethostname()[:LONGEST_NAME].replace('@', '-')}-{digest}"


def _boot() -> str:
    """Differs between machines and between two starts of one; empty where the system has no such file."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _process_numbers() -> str:
    """Names the namespace that process numbers are from; empty where there is but one."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
