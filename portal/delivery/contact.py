"""Whom a person is told to ask: the controller as the merchant's own letters name it, else the merchant's name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.letters.profile.items import ProfileItem
from portal.letters.profile.model import said_in
from portal.letters.profile.saved import profile_in_force
from portal.storage.tables import Merchant
from portal.vault import FieldSealer

LONGEST = 600


@dataclass
class Contacts:
    sealer: FieldSealer

    def of(self, session: Session, merchant_id: str, language: str) -> str:
        profile = profile_in_force(session, self.sealer, merchant_id)
        words, _language = said_in(profile.item(ProfileItem.CONTROLLER).texts, language, profile.language)
        return words[:LONGEST] or session.get_one(Merchant, merchant_id).name
