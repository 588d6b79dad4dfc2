"""What a file of a case is called, and how far its review is."""

from __future__ import annotations

from collections.abc import Sequence

from portal.review.kinds import FileOf, Whole
from portal.review.of_case.views import CaseFileView
from portal.sources.kinds import SourceKind
from portal.systems.media import Media
from portal.ui.cases.case_sources import KIND_WORDS
from portal.ui.cases.systems.attached_file import MEDIA_WORDS
from portal.ui.common.times import size
from portal.ui.common.words import _, number, plural
from portal.ui.preview.review.review_words import REASON_WORDS


def name_of(view: CaseFileView) -> str:
    """``Loyalty data · Coffee Club · page 2``, ``scan.pdf · Till receipts (yours)``."""
    if view.file is FileOf.SYSTEM:
        return " · ".join(part for part in (view.name, _("{name} (yours)").format(name=view.kind)) if part)
    page = _("page {n}").format(n=number(view.page)) if view.page else ""
    return " · ".join(part for part in (_(KIND_WORDS[SourceKind(view.kind)]), view.name, page) if part)


def facts_of(view: CaseFileView) -> str:
    """``PDF · 8.9 KB``."""
    return f"{_(MEDIA_WORDS[Media(view.media)])} · {size(view.size_bytes)}"


def standing_of(view: CaseFileView) -> str:
    """``2 people besides the customer, 1 undecided``, ``left out: Not this customer's record``."""
    if view.destroyed:
        return _("destroyed")
    if view.waits:
        return _("a check failed: a manager decides on Preview")
    said = _decided(view)
    if view.second is not None and not view.approved and not view.undecided:
        said += ", " + _("a second person has to approve it")
    return said


def _decided(view: CaseFileView) -> str:
    reason = _(REASON_WORDS[view.reason]) if view.reason is not None else ""
    match view.whole:
        case Whole.UNDECIDED:
            return _("to be decided")
        case Whole.SENT:
            return _("sent as it is")
        case Whole.LEFT_OUT:
            return _("left out: {reason}").format(reason=reason)
        case Whole.REPLACED:
            return _("a redacted file goes out instead")
        case Whole.BY_PLACE:
            return ", ".join(_by_place(view)) or _("nobody else in it")


def _by_place(view: CaseFileView) -> list[str]:
    parts = []
    if view.people:
        parts.append(
            plural("{n} person besides the customer", "{n} people besides the customer", view.people)
        )  # fmt: skip
    if view.staff:
        parts.append(_("{n} staff").format(n=number(view.staff)))
    if view.undecided:
        parts.append(_("{n} undecided").format(n=number(view.undecided)))
    if view.left_out:
        parts.append(plural("{n} place left out", "{n} places left out", view.left_out))
    return parts


def sign_of(view: CaseFileView) -> str:
    if view.destroyed:
        return "–"
    return "✓" if view.settled else "!" if view.waits else "□"


def open_files(files: Sequence[CaseFileView]) -> list[CaseFileView]:
    """Those that wait for somebody."""
    return [one for one in files if not one.destroyed and not one.settled]


def summed_up(files: Sequence[CaseFileView]) -> str:
    """What is undecided in the whole case; empty when nothing is."""
    waiting = open_files(files)
    if not waiting:
        return ""
    words = plural("{n} file waits for a decision.", "{n} files wait for a decision.", len(waiting))
    people = sum(one.undecided for one in waiting if one.whole is Whole.BY_PLACE)
    if people:
        words += " " + plural("In it {n} choice is open.", "In them {n} choices are open.", people)
    return words
