"""Sealed boxes: bytes of a database's row under a key of their own, which the master key wraps.

Larger values than fields: when the master key changes only the wrapped key is written anew. Merchant, table and row are
associated data of both.
"""

from __future__ import annotations

import tink
from tink import aead

from portal.errors import SealBroken
from portal.vault.keys import MasterKey


def box_context(merchant_id: str, table: str, row: str) -> bytes:
    return "\x1f".join(("box-v1", merchant_id, table, row)).encode()


class SealedBoxes:
    """Seals and opens them."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def seal(self, content: bytes, bound: bytes) -> tuple[bytes, bytes]:
        """The wrapped key, and the content under it."""
        wrapped = self._master.new_wrapped(aead.aead_key_templates.AES256_GCM, bound)
        sealed: bytes = self._master.unwrap(wrapped, bound).primitive(aead.Aead).encrypt(content, bound)
        return wrapped, sealed

    def open(self, wrapped: bytes, sealed: bytes, bound: bytes) -> bytes:
        """Raises SealBroken when either was changed or belongs elsewhere."""
        try:
            content: bytes = self._master.unwrap(wrapped, bound).primitive(aead.Aead).decrypt(sealed, bound)
        except tink.TinkError:
            raise SealBroken(detail="box") from None
        return content
