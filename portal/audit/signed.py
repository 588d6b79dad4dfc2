"""What is known to be signed of a chain: its checkpoints and, from two places, the longest head ever signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.audit.checkpoints import BadCheckpoint, Checkpoint, CheckpointFolder, parse_checkpoint
from portal.audit.heads import Heads
from portal.audit.signing import VerifierKey, named_keys, trusted_keys


@dataclass(frozen=True)
class Signed:
    """`permanent` is the newest checkpoint of the folder, `heads` what lies in either place, the longest last."""

    permanent: Checkpoint | None
    heads: tuple[Checkpoint, ...]

    @property
    def head(self) -> Checkpoint | None:
        return self.heads[-1] if self.heads else None


def newest_signed(chain: str, folder: CheckpointFolder, heads: Heads, keys: Sequence[VerifierKey]) -> Signed:
    """Raises BadCheckpoint when one of them does not read, is not the portal's, or two of one length differ."""
    notes = [folder.newest(chain), folder.head(chain), heads.note(chain)]
    points = [parse_checkpoint(note, keys) if note is not None else None for note in notes]
    found = {point.place: point for point in points if point is not None}
    if any(point.chain != chain for point in found.values()):
        raise BadCheckpoint("a checkpoint of another chain lies here")
    if len({point.size for point in found.values()}) < len(found):
        raise BadCheckpoint("two signed heads of one length differ")
    return Signed(points[0], tuple(sorted(found.values(), key=lambda point: point.size)))


def notes_of(chain: str, folder: CheckpointFolder, heads: Heads) -> list[str]:
    """Every checkpoint and head that is known, each once."""
    return list(dict.fromkeys(n for n in (*folder.notes(chain), folder.head(chain), heads.note(chain)) if n))


def believed(chain: str, notes: Sequence[str], key_notes: list[str], anchor: str = "") -> tuple[list[Checkpoint], int]:
    """The checkpoints that count, each place once, and how many do not: signed before the anchor. Raises ValueError."""
    trusted, named = trusted_keys(key_notes, anchor), named_keys(key_notes) if anchor else []
    points: dict[tuple[int, str, bytes], Checkpoint] = {}
    older = 0
    for note in notes:
        try:
            point = parse_checkpoint(note, trusted)
        except BadCheckpoint:
            parse_checkpoint(note, named)  # raises when it is not an older key's either
            older += 1
            continue
        if point.chain != chain:
            raise BadCheckpoint("a checkpoint of another chain lies here")
        points.setdefault(point.place, point)
    return list(points.values()), older


def size_in(note: str) -> int:
    """The length a note names, on trust: where it lies, digests differ. 0 when it names none."""
    _, _, rest = note.partition("\n")
    word = rest.partition("\n")[0]
    return int(word) if word.isascii() and word.isdigit() else 0
