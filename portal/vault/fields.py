"""Sealed fields and the blind index (SEC-26).

Associated data binds a field to merchant, table, column and row, so that a value copied elsewhere does not decrypt. The
index is Tink's HMAC-SHA256 PRF under a key per merchant: it shows only that two rows of a merchant are about the same
subject.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import tink
from tink import prf

from portal.errors import SealBroken
from portal.identifiers import identifier_key
from portal.vault.keys import Keyset, MasterKey, fresh_key, remove_keys

INDEX_BYTES = 32


def field_context(merchant_id: str, table: str, column: str, row: str) -> bytes:
    return "\x1f".join(("field-v1", merchant_id, table, column, row)).encode()


def index_context(merchant_id: str) -> bytes:
    return f"index-v1\x1f{merchant_id}".encode()


class FieldSealer:
    """Seals and opens single values, and makes blind indexes."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._index_primitive = functools.lru_cache(maxsize=1024)(self._load_index_primitive)

    def seal(self, value: str, *, merchant_id: str, table: str, column: str, row: str) -> bytes:
        sealed: bytes = self._master.aead.encrypt(value.encode(), field_context(merchant_id, table, column, row))
        return sealed

    def open(self, sealed: bytes, *, merchant_id: str, table: str, column: str, row: str) -> str:
        """Raises SealBroken when the value was changed or belongs elsewhere."""
        try:
            plain: bytes = self._master.aead.decrypt(sealed, field_context(merchant_id, table, column, row))
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
        return self._master.new_wrapped(prf.prf_key_templates.HMAC_SHA256, index_context(merchant_id))

    def _load_index_primitive(self, merchant_id: str, wrapped: bytes) -> prf.PrfSet:
        handle = self._master.unwrap(wrapped, index_context(merchant_id))
        return handle.primitive(prf.PrfSet)

    def index(self, *words: str, merchant_id: str, wrapped_keyset: bytes) -> str:
        """Keyed pseudonym of a subject, or of several words together, as hex, a dot, its key's id.

        The words are compared as `identifier_key` writes them: case and surrounding space do not matter.
        """
        return self.indexes(*words, merchant_id=merchant_id, wrapped_keyset=wrapped_keyset)[0]

    def indexes(self, *words: str, merchant_id: str, wrapped_keyset: bytes) -> tuple[str, ...]:
        """The pseudonym under each of the merchant's keys, the one in use first; searches need all while keys
        change."""
        plain = "\x1f".join(identifier_key(word) for word in words).encode("utf-8", "surrogatepass")
        primitive = self._index_primitive(merchant_id, wrapped_keyset)
        primary: int = primitive.primary_id()
        keys = sorted(primitive.all().items(), key=lambda item: item[0] != primary)
        return tuple(f"{key.compute(plain, INDEX_BYTES).hex()}.{key_id:08x}" for key_id, key in keys)

    def derived_key(self, purpose: str, word: str, *, merchant_id: str, wrapped_keyset: bytes) -> bytes:
        """A key of 32 bytes for `purpose` and a subject, under the merchant's index key in use; another one once that
        key was changed. No index is ever made of what this is made of: the first byte is none of UTF-8."""
        plain = f"{purpose}\x1f{identifier_key(word)}".encode("utf-8", "surrogatepass")
        key: bytes = self._index_primitive(merchant_id, wrapped_keyset).primary().compute(b"\xff" + plain, INDEX_BYTES)
        return key

    # Rotation: an index keyset holds its keys oldest first ---------------------------------------

    def index_keys(self, merchant_id: str, wrapped: bytes) -> IndexKeys:
        info = self._master.unwrap(wrapped, index_context(merchant_id)).keyset_info()
        return IndexKeys(int(info.primary_key_id), tuple(int(key.key_id) for key in info.key_info))

    def add_index_key(self, merchant_id: str, wrapped: bytes) -> bytes:
        """With one key more, which is looked for but not yet used for what is written."""
        fresh = fresh_key(prf.prf_key_templates.HMAC_SHA256)
        return self._master.change_wrapped(
            wrapped, index_context(merchant_id), lambda keyset: keyset["key"].append(fresh)
        )

    def use_newest_index_key(self, merchant_id: str, wrapped: bytes) -> bytes:
        def change(keyset: Keyset) -> None:
            keyset["primaryKeyId"] = keyset["key"][-1]["keyId"]

        return self._master.change_wrapped(wrapped, index_context(merchant_id), change)

    def drop_index_keys(self, merchant_id: str, wrapped: bytes, key_ids: set[int]) -> bytes:
        """Destroy keys of the index; raises tink.TinkError when the one in use is among them."""
        return self._master.change_wrapped(
            wrapped, index_context(merchant_id), lambda keyset: remove_keys(keyset, key_ids)
        )


@dataclass(frozen=True)
class IndexKeys:
    """Ids of a merchant's index keys: the one in use, and all, oldest first."""

    used: int
    all: tuple[int, ...]

    @property
    def newest(self) -> int:
        return self.all[-1]
