"""The key that signs checkpoints: Ed25519, beside the master keyset, mode 0600 (SEC-46, SEC-50).

Public halves travel as C2SP signed-note verifier keys ``name+id+base64``. Each key's note (its number, verifier key and
time) is signed by the key before it and by itself, so that a verifier who trusts the first one can follow a rotation
without the portal. A retired private key is destroyed.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime as dt
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from portal.errors import PortalError

KEY_NAME = "privacy-portal-audit"
KEYS_ORIGIN = "privacy-portal/audit-keys"
PRIVATE_FILE = "audit-signing.pem"
PUBLIC_FOLDER = "audit-public"
_ED25519 = b"\x01"  # algorithm byte of C2SP signed-note


class SigningTrouble(PortalError):
    code = "signing_trouble"
    message = "The key that signs the audit trail cannot be used."
    next_step = "The portal's operator: look at the keys folder (mode 0700, files 0600)."


@dataclass(frozen=True)
class VerifierKey:
    """The public half."""

    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(KEY_NAME.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{KEY_NAME}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises ValueError when it is no Ed25519 verifier key of ours."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = base64.b64decode(encoded, validate=True)
        if name != KEY_NAME or raw[:1] != _ED25519 or len(raw) != 33:
            raise ValueError("not an audit verifier key")
        key = cls(raw[1:])
        if key.id.hex() != key_id:
            raise ValueError("verifier key with a wrong id")
        return key

    def signed(self, text: str, line: str) -> bool:
        """Whether `line` is this key's signature of `text`."""
        try:
            raw = base64.b64decode(line.removeprefix(f"— {KEY_NAME} "), validate=True)
            if raw[:4] != self.id:
                return False
            Ed25519PublicKey.from_public_bytes(self.public).verify(raw[4:], text.encode())
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True


def split_note(note: str) -> tuple[str, list[str]]:
    """Text (with its last line break) and signature lines of a signed note. Raises ValueError."""
    text, gap, signatures = note.rpartition("\n\n")
    lines = signatures.splitlines()
    if not gap or not lines or not all(line.startswith("— ") for line in lines):
        raise ValueError("not a signed note")
    return text + "\n", lines


class SigningKeys:
    """The folder's current private key and the public notes of all keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def exists(self) -> bool:
        return (self._folder / PRIVATE_FILE).exists()

    def _private(self) -> Ed25519PrivateKey:
        path = self._folder / PRIVATE_FILE
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise SigningTrouble(detail="private key readable by others")
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError) as error:
            raise SigningTrouble(detail=type(error).__name__) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SigningTrouble(detail="not an Ed25519 key")
        return key

    def current(self) -> VerifierKey:
        return _verifier(self._private())

    def sign(self, text: str) -> str:
        """`text` (ending in a line break) as a signed note."""
        return f"{text}\n{_signature(self._private(), text)}\n"

    def notes(self) -> list[str]:
        """The key notes, oldest first."""
        found = sorted((self._folder / PUBLIC_FOLDER).glob("*.note"))
        return [path.read_text(encoding="utf-8") for path in found]

    def renew(self) -> VerifierKey:
        """Make the first key, or a new one that the former one vouches for; gives its public half."""
        former = self._private() if self.exists else None
        private = Ed25519PrivateKey.generate()
        number = len(self.notes()) + 1
        at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{KEYS_ORIGIN}\n{number}\n{_verifier(private)}\nat {at}\n"
        lines = [_signature(key, text) for key in (former, private) if key is not None]
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        # The note first: a crash between the two leaves a note that no checkpoint uses, never a key without one.
        write_whole(self._folder / PUBLIC_FOLDER / f"{number:04}.note", f"{text}\n{chr(10).join(lines)}\n".encode())
        write_whole(self._folder / PRIVATE_FILE, pem)
        return _verifier(private)


def _verifier(private: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def _signature(private: Ed25519PrivateKey, text: str) -> str:
    raw = _verifier(private).id + private.sign(text.encode())
    return f"— {KEY_NAME} {base64.b64encode(raw).decode()}"


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, mode 0600, safe against a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def trusted_keys(notes: list[str], anchor: str = "") -> list[VerifierKey]:
    """Keys whose signatures count: `anchor` and its successors, each signed by the one before.

    `anchor` is a verifier key obtained another way; empty trusts the first note. Keys before the anchor are not
    trusted: a forger who can write the list can insert a key there that also signs the anchor's note. Raises ValueError
    when a note is not signed by the key before it.
    """
    keys: list[VerifierKey] = []
    first = _place_of(notes, VerifierKey.parse(anchor)) if anchor else 1
    for place, note in list(enumerate(notes, start=1))[first - 1 :]:
        text, lines = split_note(note)
        parts = text.splitlines()
        if len(parts) < 4 or parts[0] != KEYS_ORIGIN or parts[1] != str(place):
            raise ValueError(f"key note {place} is not what it should be")
        key = VerifierKey.parse(parts[2])
        vouchers = [key, *keys[-1:]]
        if not all(any(v.signed(text, line) for line in lines) for v in vouchers):
            raise ValueError(f"key note {place} is not signed by the key before it")
        keys.append(key)
    return keys


def named_keys(notes: list[str]) -> list[VerifierKey]:
    """Every key that the notes name, trusted or not."""
    found = []
    for note in notes:
        with contextlib.suppress(ValueError, IndexError):
            found.append(VerifierKey.parse(note.splitlines()[2]))
    return found


def _place_of(notes: list[str], wanted: VerifierKey) -> int:
    for place, note in enumerate(notes, start=1):
        if wanted in named_keys([note]):
            return place
    raise ValueError("the trusted key is none of the portal's")
