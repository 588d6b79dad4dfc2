"""JSON documents that only a holder of the master keyset can have made: a backup's manifest, its file of keys.

The seal is the AEAD ciphertext of the document's SHA-256, with its purpose bound in, kept in the document under `seal`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import tink

from portal.vault.keys import MasterKey

SEAL = "seal"


class NotSealed(ValueError):
    """There is no seal."""


class ForeignSeal(ValueError):
    """The seal is another keyset's, or the document is another one than was sealed."""


def sealed(master: MasterKey, purpose: str, document: dict[str, Any]) -> dict[str, Any]:
    seal = master.aead.encrypt(_digest(document), _context(purpose))
    return {**document, SEAL: base64.b64encode(seal).decode()}


def opened(master: MasterKey, purpose: str, document: object) -> dict[str, Any]:
    """The document without its seal. Raises NotSealed, ForeignSeal."""
    if not isinstance(document, dict) or not isinstance(document.get(SEAL), str):
        raise NotSealed
    plain = {name: value for name, value in document.items() if name != SEAL}
    try:
        digest = master.aead.decrypt(base64.b64decode(document[SEAL], validate=True), _context(purpose))
    except (tink.TinkError, ValueError):
        raise ForeignSeal from None
    if not hmac.compare_digest(digest, _digest(plain)):
        raise ForeignSeal
    return plain


def _context(purpose: str) -> bytes:
    return f"document-v1\x1f{purpose}".encode()


def _digest(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).digest()
