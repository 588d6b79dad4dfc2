"""How long a package takes to build, and how much memory, beside reading the same JSON and writing a ZIP of it.

Run: .venv/bin/python bench/package.py [megabytes, default 100; 0 leaves the large file out]
Three people: the practice merchant's ordinary customer, one with 900 transactions, and one whose JSON has so many
megabytes. Reference: `json.loads` of the same bytes and a ZIP of them at the same level, in the same run, by the
processor's time of this process, for other processes take the clock's. Memory: the most this process had while the
large package was built, the reference not yet run. Exit 1 when a limit is not held. The
large file did not hold its limit of four times when this was written: 17 to 20 times, in five forms of each value.
"""

import io
import json
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from redaction import pieces, write  # noqa: E402 - found through the path above

from portal.package.build import build  # noqa: E402
from portal.package.manifest import Manifest  # noqa: E402
from portal.package.parts import FileKind, Media, PackageFile, PackageParts  # noqa: E402
from tests.package.conftest import CASE, LETTER, everything  # noqa: E402

ORDINARY_S, MANY_S, MOST_TIMES, MOST_MIB = 0.5, 1.5, 4.0, 300
ROUNDS = 5


def taken(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def built(files: tuple[PackageFile, ...], out: io.BufferedIOBase | None = None) -> Manifest:
    return build(PackageParts(CASE, LETTER, files), out or io.BytesIO())  # type: ignore[arg-type]


def reference(data: bytes) -> float:
    def both() -> None:
        json.loads(data)
        with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("data.json", data)

    return taken(both)


def person(situation: str) -> tuple[float, float]:
    """Seconds of a build, the best of a few, and how many times the reference that is."""
    files = everything(situation)
    built(files)  # catalogues are read once a process
    best = min(taken(lambda: built(files)) for _ in range(ROUNDS))
    return best, best / min(reference(b"".join(b"".join(file.data()) for file in files[:1])) for _ in range(ROUNDS))


def large(megabytes: int) -> tuple[float, float, float]:
    """Seconds, times the reference, MiB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.json"
        write(path, megabytes * 1_000_000)
        digest = sha256()
        for piece in pieces(path):
            digest.update(piece)

        def data() -> Iterator[bytes]:
            return pieces(path)

        file = PackageFile(
            FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.JSON, data, digest.hexdigest(), digest.hexdigest()
        )
        with (Path(folder) / "package.zip").open("wb") as out:
            begun = time.process_time()
            made = built((file,), out)
            took = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{megabytes} MB, {made.values:,} values: {made.size / 1e6:.0f} MB in {len(made.members)} files")
        return took, took / reference(path.read_bytes()), peak


def main() -> int:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    said: dict[str, float] = {}
    if megabytes:
        said["large_s"], said["large_times"], said["large_mib"] = large(megabytes)
    said["ordinary_s"], said["ordinary_times"] = person("ordinary")
    said["many_s"], said["many_times"] = person("many_cards")
    limits = {"ordinary_s": ORDINARY_S, "many_s": MANY_S, "large_times": MOST_TIMES, "large_mib": MOST_MIB}
    for name, value in said.items():
        limit = limits.get(name)
        print(f"{name}: {value:.3f}" + (f", wanted at most {limit}" if limit else ""))
    print(json.dumps(said))
    return 0 if all(said[name] <= limit for name, limit in limits.items() if name in said) else 1


if __name__ == "__main__":
    sys.exit(main())
