"""What a delivery waits for, and where it may go."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.cases.recognition.reading import recognition_of
from portal.cases.services.ledger import CaseSeal
from portal.cases.services.people import masked_subject
from portal.delivery.kinds import AddressFrom
from portal.delivery.views import KnownAddress
from portal.errors import StateConflict
from portal.package.parts import LETTER_ALONE, Outcome
from portal.package.versions.views import Need, PackageState, PackageView, Standing
from portal.sources.whose.on_file import addresses_on_file
from portal.storage.answering.delivery_tables import Delivery
from portal.storage.answering.package_tables import CasePackage
from portal.storage.case_tables import Case


def version_to_give(packages: PackageState) -> PackageView | None:
    """The approved newest version of any variant, the newest of them first."""
    return next((one for one in packages.versions if one.standing is Standing.APPROVED), None)


def needs_of(session: Session, case: Case, version: PackageView | None) -> tuple[Need, ...]:
    """In the order in which they are best seen to. A letter alone says nothing about the person, so it may go to
    somebody who was not recognised."""
    found = []
    alone = version is not None and version.outcome in LETTER_ALONE
    if not alone:
        missing = recognition_of(session, case.id).missing
        found += [Need("identity", one.words, one.next_step) for one in missing]
    if version is None:
        found.append(Need("package", "No package is approved as things stand.", "Build and approve one."))
    return tuple(found)


def check_recognised(session: Session, row: Delivery) -> None:
    """Raises StateConflict while it is not settled who is asking, as much as the address asks for (IDN-7)."""
    package = session.get_one(CasePackage, row.package_id)
    if Outcome(package.outcome) in LETTER_ALONE:
        return
    new_address = row.mailing.address_from == AddressFrom.TYPED
    for lack in recognition_of(session, row.case_id, new_address=new_address).missing:
        raise StateConflict(lack.words, next_step=lack.next_step, detail="identity")


def known_addresses(session: Session, seal: CaseSeal, case_id: str) -> tuple[KnownAddress, ...]:
    """Not one that was only named beside a customer ID or a card: it is typed twice and compared like any other."""
    return tuple(
        KnownAddress(one.id, masked_subject("email", one.value)) for one in addresses_on_file(session, seal, case_id)
    )  # fmt: skip
