"""A copy for an attachment or a stick: AES-256 (WinZip's AE-2) around one member, so that no name of a file shows.

Opens with 7-Zip, Keka and WinZip; not with Windows Explorer, `unzip` or Python's own zipfile. Salted: two copies of one
package differ. AE-2 keeps no checksum of the contents outside the encryption.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files

import pyzipper

from portal.package.archive import FIRST_DAY

INNER = "answer.zip"
WORDS = 6
"""Of 7,776 each: 77 bits."""
LIST_LENGTH = 7_776


def passphrase() -> str:
    """Six words with hyphens between, from the system's randomness; to be shown once and told by another way."""
    return "-".join(secrets.choice(word_list()) for _ in range(WORDS))


@lru_cache(maxsize=1)
def word_list() -> tuple[str, ...]:
    """The words of the list."""
    text = files("portal.package").joinpath("words/eff-large.txt").read_text(encoding="ascii")
    return tuple(line for line in text.split("\n") if line and not line.startswith("#"))


def encrypted_pieces(package: Iterable[bytes], words: str) -> Iterator[bytes]:
    """`package` as the one member of an encrypted ZIP, piece by piece. Its bytes are compressed already and are
    stored. A fault of `package` comes out before the end of the ZIP, so that what was written is no ZIP."""
    out = _Waiting()
    copy = pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES)
    copy.setpassword(words.encode())
    copy.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=2)
    info = copy.zipinfo_cls(INNER, FIRST_DAY)
    info.compress_type = pyzipper.ZIP_STORED
    info.create_system = 3
    member = copy.open(info, "w", force_zip64=True)
    for piece in package:
        member.write(piece)
        yield out.taken()
    member.close()
    copy.close()
    yield out.taken()


class _Waiting(io.RawIOBase):
    """Holds what is written until it is taken. It neither seeks nor tells, so the ZIP is written straight on."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self._held += memoryview(data)  # type: ignore[arg-type]  # the io protocol's Buffer
        return len(memoryview(data))  # type: ignore[arg-type]

    def taken(self) -> bytes:
        piece = bytes(self._held)
        self._held.clear()
        return piece
