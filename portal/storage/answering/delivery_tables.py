"""The tables of deliveries: how a package was given out, its links, who is at its page, what was fetched, and breaches.

Tokens and cookies are kept as SHA-256 only, codes as a PRF whose key is sealed, addresses sealed.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.storage.answering.package_tables import CasePackage
from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case


class DeliveryCode(Base, kw_only=True):
    """The code of a delivery, and what was tried. `wrong_codes` counts since the code in use was made; the next may be
    tried at `codes_open_at`."""

    __tablename__ = "delivery_codes"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True, init=False)
    channel: Mapped[str] = mapped_column(String(16), default="")
    sealed_code_key: Mapped[bytes | None] = mapped_column(default=None)
    code_prf: Mapped[str] = mapped_column(String(64), default="")
    code_told_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    wrong_codes: Mapped[int] = mapped_column(default=0)
    codes_open_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    locked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    mail_code_prf: Mapped[str] = mapped_column(String(64), default="")
    mail_code_until: Mapped[dt.datetime | None] = mapped_column(default=None)
    mail_code_tries: Mapped[int] = mapped_column(default=0)
    mail_codes: Mapped[int] = mapped_column(default=0)
    mail_codes_since: Mapped[dt.datetime | None] = mapped_column(default=None)


class DeliveryMailing(Base, kw_only=True):
    """Where a delivery is mailed, where that address is from, what became of its mail, and its reminders."""

    __tablename__ = "delivery_mailings"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True, init=False)
    remind: Mapped[bool] = mapped_column(default=True)
    reminded: Mapped[int] = mapped_column(default=0)
    sealed_to: Mapped[bytes | None] = mapped_column(default=None)
    address_from: Mapped[str] = mapped_column(String(8), default="")
    address_confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    mail_state: Mapped[str] = mapped_column(String(12), default="")


class Delivery(Base, kw_only=True):
    """One package given out one way. Codes: `portal.delivery.kinds`. `sha256` is the package's, which outlives it.
    `answered` says that the case has the fact of this answer."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_case", "case_id", "created_at"),
        Index("ix_deliveries_state", "state", "expires_at"),
        Index("ix_deliveries_merchant", "merchant_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    package_id: Mapped[str] = mapped_column(ForeignKey(CasePackage.id))
    sha256: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(8))
    days: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    expires_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    opened_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    completed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    closes_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    completed: Mapped[int] = mapped_column(default=0)
    answered: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    code: Mapped[DeliveryCode] = relationship(cascade="all", lazy="joined", innerjoin=True)
    mailing: Mapped[DeliveryMailing] = relationship(cascade="all", lazy="joined", innerjoin=True)


class DeliveryLink(Base, kw_only=True):
    """One secret address of a delivery: a reminder carries another one, since the first is not kept."""

    __tablename__ = "delivery_links"
    __table_args__ = (Index("ix_delivery_links_delivery", "delivery_id"),)

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    made_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class DeliveryVisit(Base, kw_only=True):
    """A browser that gave the right code; deleted when the delivery is taken back."""

    __tablename__ = "delivery_visits"
    __table_args__ = (Index("ix_delivery_visits_delivery", "delivery_id"),)

    cookie_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    agent: Mapped[str] = mapped_column(String(12))
    began_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    expires_at: Mapped[dt.datetime] = mapped_column()


class DeliveryFetch(Base, kw_only=True):
    """One download: `reached` bytes from the beginning went out, in one stream or in several that went on."""

    __tablename__ = "delivery_fetches"
    __table_args__ = (Index("ix_delivery_fetches_delivery", "delivery_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    cookie_sha256: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    beat_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    reached: Mapped[int] = mapped_column(BigInteger, default=0)
    whole_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class Breach(Base, kw_only=True):
    """An answer that reached somebody else: since when it is known, and until when it is reported (Art. 33 GDPR)."""

    __tablename__ = "breaches"
    __table_args__ = (Index("ix_breaches_open", "merchant_id", "state", "report_by"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    aware_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    report_by: Mapped[dt.datetime] = mapped_column()
    fetched: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16), default="open")
    settled_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
