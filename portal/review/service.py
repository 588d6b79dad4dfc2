"""Decisions about what is left out of a file's copies: shown, taken, undone, approved by a second person.

A rule proposes, a person confirms, and the truth is the places, bound to the file's SHA-256.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from portal.cases.services.ledger import CaseSeal
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.exports.core.download import FileKind
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review import ledger
from portal.review.copying.checking import checked
from portal.review.copying.copies import RedactedCopies
from portal.review.deciding import by_hand, decision_of, proposed_choice, says_something, section_for, weighed_of
from portal.review.defaults import FIXED, Proposals
from portal.review.files import Paths, ReviewedFile, ReviewFiles
from portal.review.kinds import By, Choice, GroupKind, Scope
from portal.review.ledger import NewDecision
from portal.review.listing import decision_views, groups_of, marked_cells
from portal.review.opened import Shelf
from portal.review.texts import COLUMN, TABLE, spans_of
from portal.review.views import CellPlace, CopyCheck, LeftOutCell, ReviewState
from portal.review.weighing import why_second
from portal.storage.answering.review_tables import ReviewApproval
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import new_id

MOST_PLACES = 100_000


@refusals_audited
@dataclass
class Review:
    """What is left out of the files of a shelf, decided by the merchant's people."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    shelf: Shelf
    files: ReviewFiles
    copies: RedactedCopies

    def state(self, user: User, file_id: str) -> ReviewState:
        """Who stands in the file, what is proposed and what was decided. Raises as `Files.open_preview` does."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            found = self.files.read(session, user, self.shelf, file_id, whole=False)
            rows = ledger.decisions_of(session, found.file)
            rules = ledger.rules_of(session, user.merchant_id)
            left = ledger.left_out(self.seal, rows)
            approval = ledger.approval_of(session, found.file, rows)
            names = ledger.names_of(session, rows, approval)
        standing = ledger.standing(rows)
        groups = groups_of(found, standing, left, rules.proposals, ledger.apart(self.seal, standing))
        return ReviewState(
            sha256=found.file.sha256,
            groups=groups,
            undecided=sum(one.choice is None for one in groups),
            left_out=len(left),
            decisions=decision_views(rows, names),
            needs_second=why_second(standing, merchant_wants=rules.second_person),
            approved_by=names.get(approval.approved_by, "") if approval else None,
            listed_whole=found.whole,
            may_approve=user.account_id not in ledger.deciders(rows),
        )

    def decide(
        self, user: User, file_id: str, group_id: str, choice: Choice, reason: Reason | None = None, section: str = ""
    ) -> None:
        """Keep a group, or leave it out: as proposed when something of it is proposed to be left out and the reason is
        none or the proposed one, else all its places, for `reason`. Takes the place of what was decided before.
        `section`: of the law, where that is the reason.

        Raises NotFound for a group that is not in the file, InputError, NotByPlace, NothingLeft.
        """
        require(user, Permission.EXPORT_OPEN)
        section = section_for(reason, section)
        found, proposals = self._opened(user, file_id)
        if group_id == GroupKind.CARDS:
            raise InputError("Card numbers are shortened in every copy: nobody decides.", field="group_id")
        person = next((one for one in found.people if group_id in one.ids or group_id == one.id), None)
        if person is None:
            raise NotFound("This is not in the file any more.", next_step="Look at the file again.")
        self._write(user, found, [decision_of(found, person, proposals, choice, reason, section)])

    def confirm_proposals(self, user: User, file_id: str) -> None:
        """Decide every group that is undecided as proposed; each is a decision of its own."""
        require(user, Permission.EXPORT_OPEN)
        found, proposals = self._opened(user, file_id)
        with self.db.read() as session:
            standing = ledger.standing(ledger.decisions_of(session, found.file))
            left = ledger.left_out(self.seal, standing)
        groups = groups_of(found, standing, left, proposals, ledger.apart(self.seal, standing))
        open_ids = {one.id for one in groups if one.choice is None}
        new = [
            decision_of(found, person, proposals, proposed_choice(person, proposals), None)
            for person in found.people
            if person.id in open_ids
        ]
        if new:
            self._write(user, found, new)

    def keep_everybody(self, user: User, file_id: str) -> None:
        """Keep all who stand in the file, and take back what was left out by hand, in one act: for a file of which
        nothing can be left out. Passwords and codes stay undecided."""
        require(user, Permission.EXPORT_OPEN)
        found, proposals = self._opened(user, file_id)
        kept = [one for one in found.people if one.kind not in FIXED]
        new = [decision_of(found, one, proposals, Choice.KEEP, None) for one in kept]
        self._write(user, found, new, all_of_it=True)

    def leave_out(
        self,
        user: User,
        file_id: str,
        places: Sequence[CellPlace],
        reason: Reason,
        grain: Grain = Grain.VALUE,
        span: tuple[int, int] | None = None,
        section: str = "",
    ) -> None:
        """Leave out single cells, or of one text the part `span` (code points); all of a text when that is more than
        half of it. Raises InputError, NotByPlace, NothingLeft."""
        require(user, Permission.EXPORT_OPEN)
        section = section_for(reason, section)
        if not places or len(places) > MOST_PLACES or (grain is Grain.SPAN) != (span is not None and len(places) == 1):
            raise InputError("Choose what to leave out.", field="places")
        found, _ = self._opened(user, file_id)
        paths = Paths(found.preview)
        left = tuple(paths.left_out(cell, reason, span, whole_from_half=True) for cell in places)
        self._write(user, found, [by_hand(Scope.PLACES, left, reason, section)])

    def leave_out_field(
        self, user: User, file_id: str, table: str, column: str, reason: Reason, section: str = ""
    ) -> None:
        """Leave out a column: every cell of it that says something today, for a rule sees no later rows. Raises
        InputError, NotByPlace, NothingLeft."""
        require(user, Permission.EXPORT_OPEN)
        section = section_for(reason, section)
        found, _ = self._opened(user, file_id)
        try:
            shown = found.preview.table(table)
            at = shown.columns.index(column)
        except (KeyError, ValueError):
            raise InputError("There is no such field in this file.", field="column") from None
        paths = Paths(found.preview)
        cells = [CellPlace(table, row, column) for row, cells in shown.iterate() if says_something(cells[at])]
        if not cells or len(cells) > MOST_PLACES:
            raise InputError("There is nothing to leave out in this field.", field="column")
        left = tuple(paths.left_out(cell, reason) for cell in cells)
        self._write(user, found, [by_hand(Scope.FIELD, left, reason, section)])

    def leave_out_words(self, user: User, file_id: str, words: str, reason: Reason, section: str = "") -> None:
        """Of a plain text, leave out these words wherever they stand in it. Raises InputError(field="words"),
        NotByPlace, NothingLeft."""
        require(user, Permission.EXPORT_OPEN)
        section = section_for(reason, section)
        found, _ = self._opened(user, file_id)
        spans = spans_of(found.preview, words) if found.preview.record_kind == "text" else []
        if not spans or len(spans) > MOST_PLACES:
            raise InputError("These words do not stand there in this way.", field="words")
        paths = Paths(found.preview)
        left = tuple(paths.left_out(CellPlace(TABLE, row, COLUMN), reason, span) for row, span in spans)
        self._write(user, found, [by_hand(Scope.PLACES, left, reason, section)])

    def allow_same_text(self, user: User, file_id: str, numbers: Collection[int]) -> None:
        """What was left out under these numbers may also stand where it is kept: a copy is not stopped by it. Raises
        InputError(field="numbers")."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            file = self.shelf.file(session, user, file_id)
            lock_merchant(session, user.merchant_id)
            rows = ledger.decisions_of(session, file)
            left = dict(enumerate(ledger.left_out(self.seal, rows), 1))
            if not numbers or not set(numbers) <= left.keys():
                raise InputError("Choose numbers of what is left out.", field="numbers")
            chosen = tuple(left[number] for number in sorted(set(numbers)))
            new = NewDecision(Scope.SAME_TEXT, Choice.KEEP, By.HAND, places=chosen)
            row = ledger.add(session, self.seal, file, user.account_id, new, new_id())
            self.shelf.record(session, user, file_id, "review:same_text", number=row.number, places=len(chosen))

    def undo(self, user: User, file_id: str, number: int) -> tuple[int, ...]:
        """Take back a decision and all that the same press decided; gives their numbers. Raises NotFound,
        StateConflict when it was undone already."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            file = self.shelf.file(session, user, file_id)
            lock_merchant(session, user.merchant_id)
            rows = ledger.decisions_of(session, file)
            if all(one.number != number for one in rows):
                raise NotFound("There is no such decision.", next_step="Look at the file again.", detail="decision")
            undone = [one for one in ledger.of_one_act(rows, number) if ledger.undo(session, one, user.account_id)]
            if all(one.number != number for one in undone):
                raise StateConflict("This was undone already.", next_step="Look at it again.", detail="decision")
            for one in undone:
                self.shelf.record(session, user, file_id, "review:undo", number=one.number)
            return tuple(one.number for one in undone)

    def approve(self, user: User, file_id: str) -> None:
        """Say yes to what stands, as the second person.

        Raises NotPermitted for one who decided, StateConflict when nobody has to.
        """
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            file = self.shelf.file(session, user, file_id)
            lock_merchant(session, user.merchant_id)
            rows = ledger.decisions_of(session, file)
            rules = ledger.rules_of(session, user.merchant_id)
            why = why_second(ledger.standing(rows), merchant_wants=rules.second_person)
            if why is None or ledger.approval_of(session, file, rows) is not None:
                raise StateConflict("There is nothing to approve here.", next_step="Look at it again.")
            if user.account_id in ledger.deciders(rows):
                raise NotPermitted(
                    "You decided here, so another person has to approve it.",
                    next_step="Ask a colleague who did not decide here to approve it.", detail="decided",
                )  # fmt: skip
            session.add(
                ReviewApproval(
                    merchant_id=file.merchant_id, file_kind=file.kind.value, file_id=file.file_id, sha256=file.sha256,
                    covers=ledger.covers(rows), approved_by=user.account_id,
                )
            )  # fmt: skip
            self.shelf.record(
                session, user, file_id, "review:approve",
                decisions=len(ledger.standing(rows)), why=why.value, sha256=file.sha256,
            )  # fmt: skip

    def marks(self, user: User, file_id: str, table: str, rows: Collection[int]) -> tuple[LeftOutCell, ...]:
        """The cells of these rows of which something is left out."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            file = self.shelf.file(session, user, file_id)
            left = ledger.left_out(self.seal, ledger.decisions_of(session, file))
        return marked_cells(left, table, set(rows))

    def check_copy(self, user: User, file_id: str, kind: FileKind, *, show: bool = False) -> CopyCheck:
        """Make a copy, read it again and compare it with what it is made from, and search it for what it leaves out;
        audited. `show`: with how it begins. Raises as `Files.open_file` does, but not for what still stands in it."""
        require(user, Permission.EXPORT_OPEN)
        if kind is not FileKind.ORIGINAL:
            with self.db.read() as session:
                self.copies.check_decided(session, user, self.shelf, file_id)
        with self.db.write() as session:
            opened = self.shelf.opened(session, user, file_id)
            self.copies.check(session, opened.file)
            in_full = self.shelf.cards_in_full(session, user, file_id)
        made = checked(self.copies, opened, kind, cards_in_full=in_full, show=show)
        with self.db.write() as session:
            self.shelf.record(
                session, user, file_id, "review:check", kind=kind.value, sound=made.sound, sha256=made.sha256
            )  # fmt: skip
        return made

    # -------------------------------------------------------------------------------------------

    def _opened(self, user: User, file_id: str) -> tuple[ReviewedFile, Proposals]:
        with self.db.read() as session:
            found = self.files.read(session, user, self.shelf, file_id, whole=True)
            return found, ledger.rules_of(session, user.merchant_id).proposals

    def _write(self, user: User, found: ReviewedFile, new: Sequence[NewDecision], *, all_of_it: bool = False) -> None:
        """Weigh the decisions against what stands, and write them with their entries, in one transaction.
        `all_of_it`: they take the place of all that was left out, not of decisions about the same group only."""
        with self.db.write() as session:
            if self.shelf.file(session, user, found.file.file_id) != found.file:
                raise StateConflict("Another file has come since.", next_step="Look at it again.", detail="sha256")
            lock_merchant(session, user.merchant_id)
            standing = ledger.standing(ledger.decisions_of(session, found.file))
            replaced = {one.group_id for one in new if one.group_id}
            gone = [
                row for row in standing if row.group_id in replaced or (all_of_it and ledger.leaves_out_places(row))
            ]
            kept = [row for row in standing if row not in gone]
            weighed = weighed_of(found, ledger.left_out(self.seal, kept), new)
            act = new_id()
            numbers = [ledger.add(session, self.seal, found.file, user.account_id, one, act).number for one in weighed]
            by = {"by_number": numbers[0]} if numbers else {}
            for row_gone in gone:
                ledger.undo(session, row_gone, user.account_id)
                self.shelf.record(session, user, found.file.file_id, "review:undo", number=row_gone.number, **by)
            for number, one in zip(numbers, weighed, strict=True):
                facts: dict[str, Any] = {"reason": one.reason.value if one.reason else None}
                self.shelf.record(
                    session, user, found.file.file_id, "review:decide", number=number, scope=one.scope.value,
                    choice=one.choice.value, grain=one.grain.value, how=one.how.value, places=len(one.places),
                    second=one.second.value if one.second else "", sha256=found.file.sha256, **facts,
                )  # fmt: skip
