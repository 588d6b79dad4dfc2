"""The vendor's audit log, newest first, limited to the caller's merchant."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from portal.practice.invented.shapes import instant
from portal.practice.routes.access import Admin, CallersMerchant, StateDep

router = APIRouter()
EXACT = ("merchantId", "subjectId", "actorId")
PARTIAL = ("subjectName", "actorName", "merchantName")


class AuditQuery(BaseModel):
    """The documented filters: ids exactly, names partly and in any case of letters."""

    merchantId: str | None = None  # noqa: N815 - the wire's name
    subjectId: str | None = None  # noqa: N815 - the wire's name
    actorId: str | None = None  # noqa: N815 - the wire's name
    subjectName: str | None = None  # noqa: N815 - the wire's name
    actorName: str | None = None  # noqa: N815 - the wire's name
    merchantName: str | None = None  # noqa: N815 - the wire's name
    action: list[str] | None = None
    resourceType: list[str] | None = None  # noqa: N815 - the wire's name
    since: datetime | None = Field(default=None, alias="from")
    until: datetime | None = Field(default=None, alias="to")
    page: int = Field(default=1, ge=1)
    limit: int = Field(default=50, ge=1, le=200)

    def accepts(self, entry: dict[str, Any]) -> bool:
        """Whether the entry passes every filter that was sent."""
        at = entry["timestamp"]
        return (
            all(getattr(self, name) in (None, entry[name]) for name in EXACT)
            and all((getattr(self, name) or "").casefold() in (entry[name] or "").casefold() for name in PARTIAL)
            and (not self.action or entry["action"] in self.action)
            and (not self.resourceType or entry["resourceType"] in self.resourceType)
            and (self.since is None or at >= _aware(self.since))
            and (self.until is None or at <= _aware(self.until))
        )


@router.get("/v2/giftcards/audit-logs")
async def list_entries(
    state: StateDep, caller: Admin, merchant: CallersMerchant, asked: Annotated[AuditQuery, Query()]
) -> dict[str, Any]:
    """A page of entries in the documented envelope."""
    log = (*state.audit, *state.log_before)
    found = [entry for entry in log if entry["merchantId"] == merchant.id and asked.accepts(entry)]
    start = (asked.page - 1) * asked.limit
    page = [{**entry, "timestamp": instant(entry["timestamp"])} for entry in found[start : start + asked.limit]]
    pages = -(-len(found) // asked.limit)
    return {"items": page, "total": len(found), "page": asked.page, "pages": pages, "limit": asked.limit}


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
