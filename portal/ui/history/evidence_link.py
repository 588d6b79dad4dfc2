"""The evidence about one export, from where the export is."""

from __future__ import annotations

from portal.identity import Permission, User, allows
from portal.ui.common.file_link import file_link
from portal.ui.common.words import _


def draw_evidence_link(user: User, export_id: str) -> None:
    """For those who may read the trail: one file about this export that anybody can check without the portal."""
    if allows(user.role, Permission.AUDIT_READ):
        file_link(
            _("Evidence"), f"/audit/evidence?export={export_id}", icon="gavel", key=f"evidence-{export_id}",
            help=_("Who did what with this export, as one file that can be checked without the portal. No contents."),
        )  # fmt: skip
