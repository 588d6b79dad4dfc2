"""The file that a screen reviews, whether an export's or another of a case."""

from __future__ import annotations

from dataclasses import dataclass

from portal.composition import Portal
from portal.exports import ExportView
from portal.review.service import Review


@dataclass(frozen=True)
class Reviewed:
    """`service` decides about it."""

    id: str
    sha256: str
    service: Review


def reviewed_export(portal: Portal, view: ExportView) -> Reviewed:
    return Reviewed(view.id, view.sha256, portal.review)
