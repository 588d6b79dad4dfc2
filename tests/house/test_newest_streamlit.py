"""The look at the newest Streamlit is no reason for a build to fail, whether or not an index can be reached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_without_an_index_it_is_skipped_with_a_sentence() -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1"}
    nowhere |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    ran = subprocess.run(
        [sys.executable, "scripts/newest_streamlit.py"], cwd=ROOT, env={**os.environ, **nowhere},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.partition(":")[0]) == (0, "Skipped"), ran.stderr
