"""What pages and the command line see of a case's packages: frozen, hashes and counts but no contents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portal.package.parts import Outcome, Variant


class Standing(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    OUTDATED = "outdated"
    """Something that it was made of is another now: a decision, a source, the profile. It cannot go out."""
    REPLACED = "replaced"
    """There is a newer version of the same variant."""
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class PackageView:
    """One version. `left_out`: places by code of reason. `by` and `approved_by` are colleagues' names."""

    id: str
    number: int
    variant: Variant
    language: str
    outcome: Outcome
    standing: Standing
    size_bytes: int
    sha256: str
    manifest_sha256: str
    file_count: int
    profile_version: int
    left_out: Mapping[str, int]
    built_at: dt.datetime
    by: str
    built_by_me: bool
    approved_at: dt.datetime | None = None
    approved_by: str = ""
    destroy_after: dt.datetime | None = None
    destroyed_at: dt.datetime | None = None

    @property
    def opens(self) -> bool:
        return self.standing is not Standing.DESTROYED


@dataclass(frozen=True)
class Need:
    """One thing that a package waits for. `count`: how many; `names`: which, as headings of the letter."""

    code: str
    words: str
    next_step: str = ""
    count: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackageState:
    """The versions of a case, newest first, and what stands between it and a package.

    `second_person`: the merchant wants another person than the builder to approve.
    """

    versions: tuple[PackageView, ...]
    needs: tuple[Need, ...]
    may_build: bool
    may_approve: bool
    second_person: bool

    @property
    def newest(self) -> PackageView | None:
        return self.versions[0] if self.versions else None


@dataclass(frozen=True)
class Member:
    """One file in a package, by its path in it."""

    path: str
    size_bytes: int

    @property
    def page(self) -> bool:
        """Is it a page that a browser shows?"""
        return self.path.endswith(".html")


@dataclass(frozen=True)
class MemberBytes:
    path: str
    media_type: str
    content: bytes = field(repr=False)
