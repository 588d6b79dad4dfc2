"""How long leaving places out of a large file takes, and how much memory, beside `json.loads` of the same file.

Run: .venv/bin/python bench/redaction.py [megabytes, default 100] [places, default 10000]
The file is written to a folder that is removed, in pieces, as a sealed file would be read. Two passes: one finds where
the places stand, one writes. Reference: `json.loads` of the file's bytes, in the same run; both
by the processor's time of this process, for other processes take the clock's. Exit 1 above 3 times that.
"""

import json
import random
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from portal.redaction.json_places import json_edits  # noqa: E402 - found through the path above
from portal.redaction.places import Place, marker  # noqa: E402
from portal.redaction.reasons import Reason  # noqa: E402
from portal.redaction.splice import spliced  # noqa: E402

MOST_TIMES = 3.0
PIECE = 1 << 20


def card(number: int, rng: random.Random) -> dict[str, object]:
    transactions = [
        {
            "id": f"{rng.getrandbits(96):024x}",
            "type": rng.choice(("REDEMPTION", "RELOAD")),
            "amount": rng.randrange(10_000) / 100,
            "note": 'Served "here" \u00e9t\u00e9',
            "cashierName": rng.choice(("Paolo", "Deniz", "Ingrid")),
        }
        for _ in range(6)
    ]
    return {
        "id": f"{rng.getrandbits(96):024x}",
        "number": number,
        "sender": {"name": "Zo\u00eb Hart", "email": "zoe@example.org"},
        "transactions": transactions,
    }


def write(path: Path, size: int) -> int:
    """A file of at least so many bytes; gives its number of cards."""
    rng, count = random.Random(22), 0
    with path.open("w", encoding="utf-8") as out:
        out.write('{"giftCards":[')
        while out.tell() < size:
            out.write("," * bool(count) + json.dumps(card(count, rng), ensure_ascii=False, indent=1))
            count += 1
        out.write("]}")
    return count


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


def main() -> int:
    megabytes, wanted = (int(sys.argv[n]) if len(sys.argv) > n else given for n, given in ((1, 100), (2, 10_000)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.json"
        cards = write(path, megabytes * 1_000_000)
        chosen = random.Random(4).sample(range(cards), min(wanted, cards))
        places = [
            Place(number, ("giftCards", at, "sender", "email"), Reason.OTHER_CONTACT)
            for number, at in enumerate(chosen, 1)
        ]
        begun = time.process_time()
        edits = json_edits(pieces(path), places, _marker)
        found = time.process_time()
        written = sum(len(piece) for piece in spliced(pieces(path), edits))
        took = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        tracemalloc.start()
        for _ in spliced(pieces(path), json_edits(pieces(path), places, _marker)):
            pass
        traced = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        data = path.read_bytes()
        started = time.process_time()
        json.loads(data)
        reference = time.process_time() - started
    print(f"{len(data) / 1e6:.0f} MB, {cards:,} cards, {len(places):,} places, {written / 1e6:.0f} MB written")
    print(f"found in {found - begun:.2f} s, all in {took:.2f} s; json.loads {reference:.2f} s")
    print(f"{took / reference:.2f} times the reference, wanted at most {MOST_TIMES:.0f}")
    print(f"memory: {traced:.0f} MB of Python objects at most, process {peak:.0f} MB before json.loads")
    return 0 if took <= MOST_TIMES * reference else 1


def _marker(place: Place) -> str:
    return marker(place.number, "contact of another person")


if __name__ == "__main__":
    sys.exit(main())
