"""The master key: a Tink keyset in a file of its own, mode 0600 (SEC-27, SEC-46).

Everything sealed is under this key or under a key wrapped by it. The only module that touches a
cleartext keyset.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import tink
from tink import aead, json_proto_keyset_format, prf, proto_keyset_format, secret_key_access, streaming_aead

from portal.errors import PortalError

aead.register()
prf.register()
streaming_aead.register()


class KeyTrouble(PortalError):
    code = "key_trouble"
    message = "The portal's key cannot be used, so nothing can be opened or sealed."
    next_step = "Whoever runs the portal: check the keyset file (python -m portal doctor)."


class MasterKey:
    """The key-encryption key. `aead` seals fields and wraps file keys."""

    def __init__(self, handle: tink.KeysetHandle) -> None:
        self._handle = handle
        self.aead: aead.Aead = handle.primitive(aead.Aead)

    @classmethod
    def open(cls, path: Path, *, create: bool) -> MasterKey:
        """Load the keyset file, or make one when `create` and it does not exist.

        Raises KeyTrouble when it is missing, unreadable or readable by others than its owner.
        """
        if not path.exists():
            if not create:
                raise KeyTrouble(detail=f"no keyset file {path.name}")
            cls._write_new(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeyTrouble(detail=f"keyset file mode is {mode:o}, must be 600")
        try:
            handle = json_proto_keyset_format.parse(path.read_text(), secret_key_access.TOKEN)
            return cls(handle)
        except (tink.TinkError, ValueError) as error:
            raise KeyTrouble(detail=f"keyset file unreadable: {type(error).__name__}") from None

    @staticmethod
    def _write_new(path: Path) -> None:
        handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
        text = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # two processes starting at once: the first link wins, both use it
            except FileExistsError:
                return
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        finally:
            draft.unlink(missing_ok=True)

    def new_wrapped(self, template: object, associated_data: bytes) -> bytes:
        """A fresh keyset, wrapped under the master key with `associated_data` bound in."""
        handle = tink.new_keyset_handle(template)
        wrapped: bytes = proto_keyset_format.serialize_encrypted(handle, self.aead, associated_data)
        return wrapped

    def unwrap(self, wrapped: bytes, associated_data: bytes) -> tink.KeysetHandle:
        """Raises tink.TinkError when it does not verify."""
        return proto_keyset_format.parse_encrypted(wrapped, self.aead, associated_data)
