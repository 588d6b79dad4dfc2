"""Fill a practice portal's data folder before it starts: past exports, and one ready file of 60 rows by 12 columns.

Real rows, sealed as the portal seals them, so that reading them costs what it costs in use.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import random
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pydantic import SecretStr  # noqa: E402
from sqlalchemy import select  # noqa: E402

from portal.composition import Portal, build_portal  # noqa: E402
from portal.config import Settings  # noqa: E402
from portal.exports import State  # noqa: E402
from portal.exports.files.opening import MEDIA_TYPES  # noqa: E402
from portal.practice_start import seed_practice  # noqa: E402
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, FileKey, Merchant, utc_now  # noqa: E402
from portal.vault.files import FilePlace  # noqa: E402
from tests.one_case import add_case  # noqa: E402

PASSWORD = "violet-tractor-pond-91"  # of invented people on loopback
CUSTOMER = "preview@example.com"
COLUMNS = ("giftCardId", "programName", "email", "firstName", "lastName", "city", "country", "balance", "currency",
           "createdAt", "lastUsedAt", "state")  # fmt: skip
FILE_ROWS = 120


def sample_csv(rows: int = FILE_ROWS) -> bytes:
    """One person's cards: `rows` by 12 columns."""
    chance = random.Random(11)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for number in range(rows):
        made = day + dt.timedelta(hours=17 * number)
        writer.writerow([
            f"{chance.getrandbits(96):024x}", f"Programme {number % 4}", CUSTOMER, "Ada", "Example", "Paris", "GB",
            f"{chance.randrange(100, 9999) / 100:.2f}", "GBP", made.isoformat(),
            (made + dt.timedelta(days=3)).isoformat(), "used up" if number % 9 == 7 else "active",
        ])  # fmt: skip
    return out.getvalue().encode()


def seed(folder: Path, practice_port: int, exports: int = 200) -> str:
    """Merchants, people and `exports` past exports for the first merchant. Gives the id of the one with a file."""
    portal = build_portal(Settings(data_dir=folder, mode="practice", demo_password=SecretStr(PASSWORD)))
    try:
        seed_practice(portal, practice_port)
        with portal.db.read() as session:
            merchant = session.scalars(select(Merchant).order_by(Merchant.name)).first()
            assert merchant is not None
            people = list(session.scalars(select(Account.id).where(Account.merchant_id == merchant.id)))
            keyset = merchant.sealed_index_keyset
        return _exports(portal, merchant.id, keyset, people, exports)
    finally:
        portal.stop()


def _exports(portal: Portal, merchant: str, keyset: bytes, people: list[str], count: int) -> str:
    chance = random.Random(7)
    now = utc_now()
    others = (State.FAILED, State.REJECTED, State.EXPIRED, State.PURGED)
    with portal.db.write() as session:
        case_id = add_case(session, merchant)
        for number in range(count):
            at = now - dt.timedelta(minutes=90 * (count - number))
            who = f"customer{number}@example.com"
            state = others[number % len(others)]
            row = Export(
                merchant_id=merchant, case_id=case_id, state=state.value, requested_by=people[number % len(people)],
                requested_at=at, updated_at=at, asked=ExportAsked(subject_kind="email", sealed_subject=b""),
                response=ExportResponse(), file=ExportFile(size_bytes=chance.randrange(1_000, 900_000)),
                subject_index=portal.sealer.index(who, merchant_id=merchant, wrapped_keyset=keyset),
                ask_index=f"{chance.getrandbits(256):064x}", format="csv" if number % 3 else "json",
                reference=f"T-{number:05}", received_on=at.date(), link_expires_at=at + dt.timedelta(days=7),
            )  # fmt: skip
            row.asked.sealed_subject = portal.history.seal.seal(merchant, row.id, "subject", who)
            session.add(row)
    return with_file(portal, merchant, keyset, people[0], sample_csv())


def with_file(portal: Portal, merchant: str, keyset: bytes, person: str, data: bytes, *, format: str = "csv") -> str:
    """A ready export whose sealed file is `data`; gives its id."""
    now = utc_now()
    row = Export(
        merchant_id=merchant, case_id="", state=State.READY.value, requested_by=person,
        asked=ExportAsked(subject_kind="email", sealed_subject=b""), response=ExportResponse(),
        subject_index=portal.sealer.index(CUSTOMER, merchant_id=merchant, wrapped_keyset=keyset),
        ask_index=secrets.token_hex(32), format=format, reference="T-PREVIEW",
        link_expires_at=now + dt.timedelta(days=6), inspected_at=now,
        file=ExportFile(
            collected_at=now, table_count=1, row_count=data.count(b"\n") - 1, verdict="asked", size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(), media_type=MEDIA_TYPES[format],
            destroy_after=now + dt.timedelta(days=7),
        ),
    )  # fmt: skip
    row.asked.sealed_subject = portal.history.seal.seal(merchant, row.id, "subject", CUSTOMER)
    place = FilePlace(merchant, row.id, f"{merchant}/{row.id}-{secrets.token_hex(4)}")
    key = portal.sealed.new_key(place)
    row.file.blob_name = place.blob_name
    with portal.sealed.sealing(place, key) as writer:
        writer.write(data)
    with portal.db.write() as session:
        row.case_id = add_case(session, merchant)
        session.add(row)
        session.flush()
        session.add(FileKey(export_id=row.id, merchant_id=merchant, blob_name=place.blob_name, sealed_keyset=key))
    return row.id


if __name__ == "__main__":
    print(seed(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
