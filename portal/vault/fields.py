"""Sealed fields and the blind index (SEC-26).

Associated data binds a field to merchant, table, column and row, so that a value copied to another
place does not open. The index is Tink's HMAC-SHA256 PRF under a key per merchant: it shows only
that two rows speak of the same subject, and nothing across merchants.
"""

from __future__ import annotations

import functools
import unicodedata

import tink
from tink import prf

from portal.errors import SealBroken
from portal.vault.keys import MasterKey

INDEX_BYTES = 32


def field_place(merchant_id: str, table: str, column: str, row: str) -> bytes:
    return "\x1f".join(("field-v1", merchant_id, table, column, row)).encode()


def index_place(merchant_id: str) -> bytes:
    return f"index-v1\x1f{merchant_id}".encode()


class FieldSealer:
    """Seals and opens single values, and makes blind indexes."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._index_primitive = functools.lru_cache(maxsize=1024)(self._load_index_primitive)

    def seal(self, value: str, *, merchant_id: str, table: str, column: str, row: str) -> bytes:
        sealed: bytes = self._master.aead.encrypt(value.encode(), field_place(merchant_id, table, column, row))
        return sealed

    def open(self, sealed: bytes, *, merchant_id: str, table: str, column: str, row: str) -> str:
        """Raises SealBroken when the value was changed or belongs elsewhere."""
        try:
            plain: bytes = self._master.aead.decrypt(sealed, field_place(merchant_id, table, column, row))
        except tink.TinkError:
            raise SealBroken(detail=f"{table}.{column}") from None
        return plain.decode()

    def reseal(self, sealed: bytes, bound: bytes) -> bytes:
        """The same value under the newest key; `bound` is its associated data. Raises SealBroken."""
        try:
            again: bytes = self._master.aead.encrypt(self._master.aead.decrypt(sealed, bound), bound)
        except tink.TinkError:
            raise SealBroken(detail="reseal") from None
        return again

    def new_index_keyset(self, merchant_id: str) -> bytes:
        return self._master.new_wrapped(prf.prf_key_templates.HMAC_SHA256, index_place(merchant_id))

    def _load_index_primitive(self, merchant_id: str, wrapped: bytes) -> prf.PrfSet:
        handle = self._master.unwrap(wrapped, index_place(merchant_id))
        return handle.primitive(prf.PrfSet)

    def index(self, value: str, *, merchant_id: str, wrapped_keyset: bytes) -> str:
        """Keyed pseudonym of a subject as hex, a dot, its key's id; case and surrounding space do not matter."""
        normal = unicodedata.normalize("NFC", value).strip().casefold()
        primitive = self._index_primitive(merchant_id, wrapped_keyset)
        pseudonym: bytes = primitive.primary().compute(normal.encode("utf-8", "surrogatepass"), INDEX_BYTES)
        return f"{pseudonym.hex()}.{primitive.primary_id():08x}"
