"""What every part of the identity service shares."""

from __future__ import annotations

import hashlib

from portal.config import Settings
from portal.identity.witness import Witnessed
from portal.storage.engine import Database
from portal.vault.fields import FieldSealer

PORTAL_CHAIN = "portal"  # audit chain for acts that belong to no merchant, e.g. an unknown email


def digest(value: str) -> str:
    """SHA-256 as 64 hex characters: how cookie values, tickets and throttle subjects are kept."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def normal_email(email: str) -> str:
    """The form an account's email is stored and looked up in; what no database could hold is dropped."""
    return email.encode("utf-8", "ignore").decode().replace("\x00", "").strip().casefold()


class Shared(Witnessed):
    """Database, sealer and settings, handed to each part by `Identity`."""

    def __init__(self, db: Database, sealer: FieldSealer, settings: Settings) -> None:
        self.db = db
        self.sealer = sealer
        self.settings = settings
