"""A merchant's profile, version by version: who may save, what stays, and whose it is."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select

from portal.errors import InputErrors, NotFound, NotPermitted, StateConflict
from portal.letters.profile.items import ProfileItem, RecipientRole
from portal.letters.profile.model import ItemText, Profile, Recipient
from portal.letters.profile.saved import MOST_RECIPIENTS
from portal.merchants.removal import revoke_access
from portal.practice_profile import practice_profile
from portal.storage import copying
from portal.storage.answering.letter_tables import LetterProfile
from portal.storage.tables import AuditEntry
from portal.vault import rotation

WORDS = "Write to canary.officer@canary.example, who is here every day."


@pytest.fixture(autouse=True)
def nothing_saved(desk: Any) -> None:
    with desk.portal.db.write() as session:
        for row in session.scalars(select(LetterProfile)):
            session.delete(row)


def save(desk: Any, profile: Profile, who: str = "maya", merchant: str = "one") -> int:
    found: int = desk.portal.letter_profiles.save(desk.user(who, merchant), profile)
    return found


def in_force(desk: Any, merchant: str = "one") -> Profile:
    found: Profile = desk.portal.letter_profiles.in_force(desk.user("sam", merchant))
    return found


def test_each_save_is_a_version_and_older_ones_stay_as_they_were(desk: Any) -> None:
    first = practice_profile()
    assert in_force(desk) == Profile()
    assert save(desk, first) == 1
    second = in_force(desk).with_item(ProfileItem.DPO, ItemText({"en": WORDS}))
    assert save(desk, second) == 2
    assert in_force(desk) == dataclasses.replace(second, version=2)
    profiles, user = desk.portal.letter_profiles, desk.user("iris")
    assert profiles.of_version(user, 1) == dataclasses.replace(first, version=1)
    assert [(one.version, one.by) for one in profiles.versions(user)] == [(2, "Maya Brook"), (1, "Maya Brook")]
    assert save(desk, in_force(desk)) == 2, "what is as it was makes no version"


def test_two_managers_at_once_do_not_undo_each_other(desk: Any) -> None:
    save(desk, practice_profile())
    seen = in_force(desk)
    save(desk, seen.with_item(ProfileItem.DPO, ItemText({"en": WORDS})))
    with pytest.raises(StateConflict):
        save(desk, seen.with_item(ProfileItem.AUTOMATED, ItemText({"en": "Nothing is decided by a machine."})))
    assert in_force(desk).version == 2


def test_only_a_manager_saves_and_the_trail_says_which_items(desk: Any) -> None:
    for who in ("sam", "iris"):
        with pytest.raises(NotPermitted):
            save(desk, practice_profile(), who)
    save(desk, practice_profile().with_item(ProfileItem.DPO, ItemText()))
    save(desk, in_force(desk).with_item(ProfileItem.DPO, ItemText({"en": WORDS})))
    with desk.portal.db.read() as session:
        acts = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "letters:profile").order_by(AuditEntry.seq.desc()).limit(1)
        ).all()
        rows = session.scalars(select(LetterProfile)).all()
    assert [entry.facts for entry in acts] == [{"version": 2, "items": ["dpo"]}]
    assert "canary" not in repr(acts[0].facts) and rows
    assert not any(b"canary" in (row.sealed_items or b"") for row in rows)


def test_another_merchant_neither_sees_nor_changes_it(desk: Any) -> None:
    save(desk, practice_profile().with_item(ProfileItem.DPO, ItemText({"en": WORDS})))
    stranger = desk.user("maya", "two")
    profiles = desk.portal.letter_profiles
    assert profiles.in_force(stranger) == Profile() and profiles.versions(stranger) == ()
    for version in (0, 1, 2):
        with pytest.raises(NotFound):
            profiles.of_version(stranger, version)
    with pytest.raises(StateConflict):
        save(desk, dataclasses.replace(practice_profile(), version=1), "maya", "two")
    assert save(desk, Profile(), "maya", "two") == 0
    assert save(desk, practice_profile(), "maya", "two") == 1
    assert "canary" in repr(in_force(desk)) and "canary" not in repr(in_force(desk, "two"))


@pytest.mark.parametrize(("profile", "field"), [
    (Profile(items={ProfileItem.DPO: ItemText({"en": "TODO"})}), "dpo"),
    (Profile(items={ProfileItem.DPO: ItemText({"xx": "Somebody else"})}), "dpo"),
    (Profile(items={ProfileItem.RIGHTS: ItemText(not_applicable={"en": "There are no rights."})}), "rights"),
    (Profile(language="xx"), "language"),
    (Profile(authorities=("XX",)), "complaint"),
    (Profile(recipients=(Recipient("Somebody", RecipientRole.MAIL, "Ireland"),)), "recipients"),
    (Profile(recipients=(Recipient(" ", RecipientRole.MAIL, "IE"),)), "recipients"),
    (Profile(recipients=(Recipient("{{ name }}", RecipientRole.MAIL, "IE"),)), "recipients"),
    (Profile(recipients=(Recipient("n" * 121, RecipientRole.MAIL, "IE"),)), "recipients"),
    (Profile(recipients=(Recipient("A", RecipientRole.MAIL, "IE"),) * (MOST_RECIPIENTS + 1)), "recipients"),
])  # fmt: skip
def test_what_could_not_go_out_is_not_saved(desk: Any, profile: Profile, field: str) -> None:
    with pytest.raises(InputErrors) as refused:
        save(desk, profile)
    assert {one.field for one in refused.value.problems} == {field}
    assert in_force(desk).version == 0


def test_it_is_sealed_anew_kept_in_a_backup_and_gone_with_the_merchant(desk: Any) -> None:
    save(desk, practice_profile())
    assert "letter_profiles.sealed_items" in {one.name for one in rotation.COLUMNS}
    assert "letter_profiles" in {table.name for table in copying.tables()}
    user = desk.user("maya")
    with pytest.raises(RuntimeError, match="taken back"), desk.portal.db.write() as session:
        revoke_access(session, user.merchant_id, origin="cli")
        assert not session.scalars(select(LetterProfile.sealed_items)).one()
        raise RuntimeError("taken back")
