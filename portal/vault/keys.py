"""The master key: a Tink keyset in a file of its own, mode 0600 (SEC-27, SEC-46).

Everything sealed is under this keyset or under a key wrapped by it. The only module that touches a
cleartext keyset. Rotation adds a key to the file and then makes it the primary one. Running processes
check the file for changes before they seal, and when they find a key they do not know.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tink
from tink import aead, json_proto_keyset_format, prf, proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import tink_pb2

from portal.errors import PortalError

aead.register()
prf.register()
streaming_aead.register()

Keyset = dict[str, Any]
"""A cleartext keyset in Tink's JSON form: `primaryKeyId`, and `key` with each key's `keyId`."""
TINK_PREFIX = 0x01  # an AEAD ciphertext begins with this byte and four of its key's id (measured)


class KeyTrouble(PortalError):
    code = "key_trouble"
    message = "The portal's key cannot be used, so nothing can be opened or sealed."
    next_step = "The portal's operator: check the keyset file (python -m portal keys check)."


class MasterKey:
    """The key-encryption keyset. `aead` seals fields and wraps file keys, and reloads the file when it has changed."""

    def __init__(self, handle: tink.KeysetHandle, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._load(handle)
        self.aead: aead.Aead = _ReloadingAead(self)

    def _load(self, handle: tink.KeysetHandle) -> None:
        self._handle = handle
        self.primitive: aead.Aead = handle.primitive(aead.Aead)

    @classmethod
    def open(cls, path: Path, *, create: bool) -> MasterKey:
        """Load the keyset file, or make one when `create` and it does not exist.

        Raises KeyTrouble when it is missing, unreadable or readable by others than its owner.
        """
        if not path.exists():
            if not create:
                raise KeyTrouble(detail=f"no keyset file {path.name}")
            _write(path, _as_text(tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)), replace=False)
        return cls(_read(path), path)

    def refresh(self) -> bool:
        """Load the file again if it has changed. True when it had. Raises KeyTrouble."""
        if self._path is None or _stamp(self._path) == self._stamp:
            return False
        with self._lock:
            stamp = _stamp(self._path)
            self._load(_read(self._path))
            self._stamp = stamp
        return True

    # Rotation ----------------------------------------------------------------------------------

    def key_ids(self) -> list[int]:
        """Ids of all enabled keys, oldest first."""
        return [info.key_id for info in self._handle.keyset_info().key_info]

    @property
    def primary_id(self) -> int:
        return int(self._handle.keyset_info().primary_key_id)

    def add_key(self) -> int:
        """Write a further key into the file, not yet used for sealing. Gives its id."""
        fresh = fresh_key(aead.aead_key_templates.AES256_GCM)
        self._change(lambda keyset: keyset["key"].append(fresh))
        return int(fresh["keyId"])

    def make_primary(self, key_id: int) -> None:
        """From now on seal under this key; the others still open."""
        if key_id not in self.key_ids():
            raise KeyTrouble(detail="no such key in the keyset")
        self._change(lambda keyset: keyset.__setitem__("primaryKeyId", key_id))

    def drop(self, key_ids: set[int]) -> None:
        """Destroy keys. What is still sealed under them is lost for good; the primary key is never dropped."""
        if self.primary_id in key_ids:
            raise KeyTrouble(detail="the primary key cannot be dropped")
        self._change(lambda keyset: remove_keys(keyset, key_ids))

    def _change(self, change: Callable[[Keyset], None]) -> None:
        if self._path is None:
            raise KeyTrouble(detail="this keyset has no file")
        keyset = json.loads(self._path.read_text())
        change(keyset)
        _write(self._path, json.dumps(keyset, indent=2), replace=True)
        self.refresh()

    # Wrapping ----------------------------------------------------------------------------------

    def new_wrapped(self, template: object, associated_data: bytes) -> bytes:
        """A fresh keyset, wrapped under the master key with `associated_data` bound in."""
        return self._wrap(tink.new_keyset_handle(template), associated_data)

    def _wrap(self, handle: tink.KeysetHandle, associated_data: bytes) -> bytes:
        wrapped: bytes = proto_keyset_format.serialize_encrypted(handle, self.aead, associated_data)
        return wrapped

    def unwrap(self, wrapped: bytes, associated_data: bytes) -> tink.KeysetHandle:
        """Raises tink.TinkError when it does not verify."""
        return proto_keyset_format.parse_encrypted(wrapped, self.aead, associated_data)

    def change_wrapped(self, wrapped: bytes, associated_data: bytes, change: Callable[[Keyset], None]) -> bytes:
        """A wrapped keyset with its keys changed by `change`. Raises tink.TinkError."""
        keyset = json.loads(_as_text(self.unwrap(wrapped, associated_data)))
        change(keyset)
        changed = json_proto_keyset_format.parse(json.dumps(keyset), secret_key_access.TOKEN)
        return self._wrap(changed, associated_data)

    def rewrap(self, wrapped: bytes, associated_data: bytes) -> bytes:
        """The same keyset under the primary key. Raises tink.TinkError."""
        return self._wrap(self.unwrap(wrapped, associated_data), associated_data)


class _ReloadingAead(aead.Aead):  # type: ignore[misc]  # Tink ships no types
    """Seals under the file's current primary key; opens with keys that came after the process was started."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        self._master.refresh()
        sealed: bytes = self._master.primitive.encrypt(plaintext, associated_data)
        return sealed

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        try:
            plain: bytes = self._master.primitive.decrypt(ciphertext, associated_data)
        except tink.TinkError:
            if not self._master.refresh():
                raise
            plain = self._master.primitive.decrypt(ciphertext, associated_data)
        return plain


def fresh_key(template: object) -> Keyset:
    """A new key as an entry of a keyset's `key`."""
    (key,) = json.loads(_as_text(tink.new_keyset_handle(template)))["key"]
    return dict(key)


def remove_keys(keyset: Keyset, key_ids: set[int]) -> None:
    keyset["key"] = [key for key in keyset["key"] if int(key["keyId"]) not in key_ids]


def key_id_of(sealed: bytes) -> int | None:
    """The id of the master key a sealed field is under; None when it is no such thing."""
    return int.from_bytes(sealed[1:5], "big") if len(sealed) > 5 and sealed[0] == TINK_PREFIX else None


def key_id_of_wrapped(wrapped: bytes) -> int | None:
    """The id of the master key a wrapped keyset is under."""
    try:
        return key_id_of(tink_pb2.EncryptedKeyset.FromString(wrapped).encrypted_keyset)
    except Exception:  # protobuf's own DecodeError is not exported under a stable name
        return None


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    """A value that changes when the file is replaced. None while there is no file."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        raise KeyTrouble(detail="keyset file cannot be read") from None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def _read(path: Path) -> tink.KeysetHandle:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeyTrouble(detail=f"keyset file mode is {mode:o}, must be 600")
        return json_proto_keyset_format.parse(path.read_text(), secret_key_access.TOKEN)
    except (tink.TinkError, ValueError, OSError) as error:
        raise KeyTrouble(detail=f"keyset file unreadable: {type(error).__name__}") from None


def _as_text(handle: tink.KeysetHandle) -> str:
    text: str = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
    return text


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write the file atomically and durably. Raises KeyTrouble."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(draft, path)
        else:
            try:
                os.link(draft, path)  # two processes starting at once: the first link wins, both use it
            except FileExistsError:
                return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyTrouble(
            "The portal's key file could not be written.", detail=f"keyset file: {type(error).__name__}"
        ) from None
    finally:
        draft.unlink(missing_ok=True)
