"""Dense files in a process of their own, so that nothing an earlier file left behind hides what this one takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.dense import DENSE

pytestmark = pytest.mark.keeps("SEC-22")

MEMORY_BOUND_KIB = 64 * 1024
LOOK = """
import re, sys
from pathlib import Path
from portal.preview import AskedPerson, inspect, read

def kib(row):
    return int(re.search(rf"^{row}:\\s+(\\d+) kB", Path("/proc/self/status").read_text(), re.M)[1])

data = sys.stdin.buffer.read()
asked = AskedPerson(email="kim@example.com")
for body, format in ((b'[{"email": "kim@example.com"}]', "json"), (b"email\\nkim@example.com\\n", "csv")):
    inspect(read(body, format), asked)
inspect(read(b"a,b\\n" * 40_000, "csv"), asked)
Path("/proc/self/clear_refs").write_text("5")
idle = kib("VmRSS")
preview = read(data, sys.argv[1])
found = inspect(preview, asked)
print(found.verdict, kib("VmHWM") - idle)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the high-water mark is Linux's")
@pytest.mark.parametrize("name", DENSE)
def test_dense_file_is_looked_at_in_little_memory(name: str) -> None:
    dense = DENSE[name]
    done = subprocess.run(
        [sys.executable, "-c", LOOK, dense.format],
        input=dense.body,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    verdict, above_idle_kib = done.stdout.decode().split()
    assert verdict == dense.verdict
    assert int(above_idle_kib) <= MEMORY_BOUND_KIB
