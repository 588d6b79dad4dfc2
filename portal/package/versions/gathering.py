"""The protocol by which the versions get the parts of a package; `from_case.CaseGathering` satisfies it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from portal.identity import User
from portal.package.parts import PackageParts, Variant
from portal.package.versions.views import Need
from portal.storage.answering.package_tables import CasePackage


@dataclass(frozen=True)
class Inputs:
    """`digest`: SHA-256 of everything that the bytes depend on but the day and the number. `needs`: what is missing;
    with any, nothing is built. `language`: that of the answer; `nothing`: no source holds anything. `letter_alone`: the
    case ended with a letter, and the package is that letter."""

    digest: str
    needs: tuple[Need, ...]
    language: str
    nothing: bool
    profile_version: int
    letter_alone: bool = False


class Gathering(Protocol):
    def inputs(self, user: User, case_id: str, variant: Variant, language: str) -> Inputs:
        """What there is today. `language`: the one wished for, or nothing for the case's own."""

    def parts(
        self, user: User, case_id: str, inputs: Inputs, variant: Variant, number: int, on: dt.date
    ) -> PackageParts:
        """All of it, for version `number`, dated `on`. Raises as the services do that give it."""


def digest_now(gathering: Gathering, user: User, row: CasePackage) -> str:
    """That of the inputs of a version as they are now; nothing while something is missing."""
    inputs = gathering.inputs(user, row.case_id, Variant(row.variant), row.language)
    return "" if inputs.needs else inputs.digest
