"""Hooks for tests and for the portal's practice panel. No bearer, nothing personal beyond the invented situations."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from portal.practice.invented.people import PEOPLE
from portal.practice.invented.situations import SITUATIONS
from portal.practice.routes.access import StateDep

router = APIRouter(prefix="/_practice")


@router.get("/health")
async def health(state: StateDep) -> dict[str, Any]:
    """Says that this is the practice merchant, and where its listeners are."""
    settings = state.settings
    where = {"api": settings.api_base, "downloads": settings.download_base, "mail_port": settings.mail_port}
    return {"practice": True, "status": "ok", **where}


@router.get("/situations")
async def situations() -> list[dict[str, Any]]:
    """The customers worth trying, each marked with ``practice: true``."""
    return [{**asdict(situation), "practice": True} for situation in SITUATIONS]


@router.get("/people")
async def people() -> list[dict[str, Any]]:
    """Those whose complete answer is worth collecting, as `situations` shows its own."""
    return [{**asdict(person), "practice": True} for person in PEOPLE]


@router.get("/counts")
async def counts(state: StateDep) -> dict[str, Any]:
    """How often what happened. ``export_posts`` counts every POST that arrived at the export endpoint."""
    always = {
        "export_posts": 0,
        "export_posts_valid": 0,
        "exports_accepted": 0,
        "downloads": 0,
        "presigned_requests": 0,
    }
    by_situation = {key: dict(counter) for key, counter in state.by_situation.items()}
    return {**always, **state.counts, "by_situation": by_situation}


@router.get("/digest")
async def digest(state: StateDep) -> dict[str, str]:
    """One SHA-256 over all people, what they agreed to and what was erased."""
    return {"sha256": state.digest()}


@router.post("/reset")
async def reset(state: StateDep) -> dict[str, bool]:
    """Forget exports, counts, consents, erasures, audit entries and sign-ins."""
    state.reset()
    return {"practice": True}
