"""What is in the portal before the pictures are taken: the first shop's day, and a second shop with much of everything.

The first asks the practice merchant; the second is pointed at `picture_vendor.py`.
"""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

from picture_camera import Camera
from picture_vendor import PROGRAM, Vendor
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import build_portal
from portal.config import Settings
from portal.exports import State
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, Merchant, utc_now

FIRST, SECOND = "brookandbean.example.com", "northwindbooks.example.com"
# Customer, format, reference: what the shop has been doing today.
EXPORTS = (
    ("many.cards", "JSON", "T-1041"),
    ("flat.csv", "CSV", "T-1043"),
    ("stacked", "CSV", ""),
    ("empty", "JSON", "T-1046"),
    ("refused", "JSON", "T-1047"),
    ("wrong.file", "JSON", ""),
    ("expired", "JSON", "T-1049"),
    ("bad.gateway", "JSON", "T-1050"),
    ("two.people", "JSON", "T-1052"),
    ("flat.list", "JSON", "T-1055"),
    ("ada", "CSV", "T-1053"),
    ("ada", "JSON", "T-1053"),
)
MANY = 70
LONG_NAME = "Wilhelmina-Alexandra Featherstonehaugh-Montgomery"
LONG_REFERENCE = "Complaint 2026/11 forwarded by the regional office for the north-east, second reminder, case"
PROBLEM = "LoyaltyDog has trouble of its own at the moment. Whether the export was made there is not known."


def make_day(camera: Camera) -> dict[str, str]:
    """The first shop's exports; customer -> address of the preview."""
    places = {}
    for customer, form, reference in EXPORTS:
        places[customer] = camera.request(customer, form, reference)
    camera.page.get_by_role("tab", name="Raw").wait_for(timeout=20_000)
    return places


def make_long(folder: Path, vendor: Vendor) -> None:
    """The second shop: `MANY` exports with long names everywhere, asked of the vendor with long answers."""
    portal = build_portal(Settings(data_dir=folder, mode="practice"))
    try:
        with portal.db.write() as session:
            merchant = session.scalars(select(Merchant).where(Merchant.name == "Northwind Books")).one()
            merchant.api_url = vendor.address
            merchant.download_hosts = [vendor.address.removeprefix("http://")]
            people = list(session.scalars(select(Account).where(Account.merchant_id == merchant.id)))
            sam = next(person for person in people if person.email.startswith("sam@"))
            sam.name, sam.email = LONG_NAME, f"wilhelmina.featherstonehaugh.montgomery@customer-care.{SECOND}"
            key, merchant_id, sam_id = merchant.sealed_index_keyset, merchant.id, sam.id
        now = utc_now()
        asked = NewCase(
            ((IdentifierKind.EMAIL, SecretStr(f"long@{SECOND}")),), frozenset({Right.ACCESS}), Channel.EMAIL
        )  # fmt: skip
        case_id = portal.case_intake.open(portal.accounts.user_for_account(sam_id, origin="cli"), asked).case_id
        with portal.db.write() as session:
            for number in range(MANY):
                who = f"wonderfully.long.customer.name.{number}@post.department.of.letters.example.com"
                index = portal.sealer.index(who, merchant_id=merchant_id, wrapped_keyset=key)
                row = _row(number, now, merchant_id, sam_id, index)
                row.case_id = case_id
                row.asked.sealed_subject = portal.history.seal.seal(merchant_id, row.id, "subject", who)
                session.add(row)
    finally:
        portal.stop()


def _row(number: int, now: dt.datetime, merchant: str, person: str, index: str) -> Export:
    states = (State.EXPIRED, State.REJECTED, State.PURGED, State.UNKNOWN if number > MANY - 20 else State.PURGED)
    state = states[number % len(states)]
    at = now - dt.timedelta(minutes=170 * (MANY - number) + 20)
    trouble = state in (State.REJECTED, State.UNKNOWN)
    return Export(
        merchant_id=merchant, case_id="", state=state.value, requested_by=person, requested_at=at, updated_at=at,
        subject_index=index, ask_index=secrets.token_hex(32),
        format="csv" if number % 3 else "json", reference=f"{LONG_REFERENCE} {number}", received_on=at.date(),
        program_id=f"{number % 5:024x}", program_name=f"{PROGRAM} {number % 5}",
        link_expires_at=None if trouble else at + dt.timedelta(hours=48),
        turn="you" if state is State.UNKNOWN else "",
        asked=ExportAsked(subject_kind="email", sealed_subject=b""),
        response=ExportResponse(problem=PROBLEM if trouble else ""),
        file=ExportFile(
            size_bytes=None if trouble else 1_234_567 * (number + 1),
            destroyed_at=at + dt.timedelta(hours=50) if state is State.PURGED else None,
        ),
    )  # fmt: skip
