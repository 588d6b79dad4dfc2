"""The files of a case as the files of its package: named neutrally, as decided, with what each was asked for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portal.identity import User
from portal.language import catalogue_of
from portal.package import parts
from portal.package.parts import FileKind, Media, PackageFile
from portal.review.kinds import FileOf
from portal.review.of_case.service import CaseFiles
from portal.review.of_case.views import AnswerBytes, CaseFileView, LeftOutLine
from portal.sources.kinds import SourceKind
from portal.sources.views import SourceList
from portal.systems.media import Media as SystemMedia

KIND_OF: Mapping[SourceKind, FileKind | None] = {
    SourceKind.CARDS_BY_EMAIL: FileKind.GIFT_CARDS,
    SourceKind.CARDS_BY_ID: FileKind.GIFT_CARDS,
    SourceKind.CARDS_FOUND: None,  # candidates, many of them other people's
    SourceKind.PROGRAMS: None,  # a list in which nobody stands
    SourceKind.MEMBERS: FileKind.LOYALTY,
    SourceKind.LOYALTY_DATA: FileKind.LOYALTY,
    SourceKind.CARD_CONSENT: FileKind.CONSENTS,
    SourceKind.LOYALTY_CONSENT: FileKind.CONSENTS,
    SourceKind.VENDOR_LOG: FileKind.ACCESSES,
    SourceKind.PORTAL_RECORDS: FileKind.PORTAL,
    SourceKind.OTHER_SYSTEM: FileKind.OTHER,
}
TITLES: Mapping[FileKind, str] = {
    FileKind.GIFT_CARDS: "Gift cards",
    FileKind.LOYALTY: "Loyalty program",
    FileKind.CONSENTS: "Consents",
    FileKind.ACCESSES: "Who looked at your data",
    FileKind.PORTAL: "What your request left with us",
    FileKind.OTHER: "Another system",
}
STEMS: Mapping[FileKind, str] = {
    FileKind.GIFT_CARDS: "gift-cards",
    FileKind.LOYALTY: "loyalty",
    FileKind.CONSENTS: "consents",
    FileKind.ACCESSES: "accesses",
    FileKind.PORTAL: "this-portal",
    FileKind.OTHER: "other",
}
FORMS: Mapping[SystemMedia, tuple[Media, str]] = {
    SystemMedia.CSV: (Media.CSV, ""),
    SystemMedia.JSON: (Media.JSON, ""),
    SystemMedia.TEXT: (Media.OTHER, "txt"),
    SystemMedia.PNG: (Media.OTHER, "png"),
    SystemMedia.JPEG: (Media.OTHER, "jpg"),
    SystemMedia.GIF: (Media.OTHER, "gif"),
    SystemMedia.WEBP: (Media.OTHER, "webp"),
    SystemMedia.PDF: (Media.OTHER, "pdf"),
    SystemMedia.OTHER: (Media.OTHER, ""),
}
"""The form in the package, and the extension where it has none of its own."""


MOST_COMPARED = 16 * 1024 * 1024
ENVELOPE = frozenset({"exportid", "generatedat"})
"""Of the export and not of the person (api/openapi.yaml)."""


@dataclass(frozen=True)
class Contents:
    files: tuple[PackageFile, ...]
    withheld: tuple[parts.WithheldFile, ...]


@dataclass(frozen=True)
class _One:
    kind: FileKind
    title: str
    view: CaseFileView
    answer: AnswerBytes


def contents_of(
    case_files: CaseFiles, user: User, case_id: str, views: Sequence[CaseFileView], sources: SourceList,
    portal_records: bytes, language: str,
) -> Contents:  # fmt: skip
    """Opens each file as it is sent. Raises as `CaseFiles.open_for_answer` does."""
    opened = list(_opened(case_files, user, case_id, views, language))
    sent = list({_likeness(one): one for one in reversed(opened) if one.answer.sent}.values())[::-1]
    many = Counter(one.kind for one in sent)
    number: Counter[FileKind] = Counter()
    fetched = {line.sha256: line.settled_at for line in sources.lines if line.sha256}
    files = []
    for one in sent:
        number[one.kind] += 1
        name = STEMS[one.kind] + (f"-{number[one.kind]}" if many[one.kind] > 1 else "")
        media, extension = FORMS[SystemMedia(one.answer.media)]
        files.append(
            PackageFile(
                kind=one.kind,
                name=name,
                title=one.title,
                media=media,
                data=one.answer.chunks,
                sha256=one.answer.sha256,
                source_sha256=one.answer.source_sha256,
                extension=extension,
                redacted=one.answer.redacted,
                left_out=tuple(_line(line) for line in one.answer.left_out),
                fetched_at=fetched.get(one.view.sha256),
            )
        )
    text = catalogue_of(language).text
    files.append(
        parts.file_of_bytes(
            FileKind.PORTAL, STEMS[FileKind.PORTAL], text(TITLES[FileKind.PORTAL]), Media.JSON, portal_records
        )
    )
    whole = (
        parts.WithheldFile(one.title, one.kind, line.reason, line.section)
        for one in opened
        if not one.answer.sent
        for line in one.answer.left_out
    )
    return Contents(tuple(files), tuple(whole))


def _opened(
    case_files: CaseFiles, user: User, case_id: str, views: Sequence[CaseFileView], language: str
) -> Iterator[_One]:
    text = catalogue_of(language).text
    for view in views:
        kind = FileKind.OTHER if view.file is FileOf.SYSTEM else KIND_OF[SourceKind(view.kind)]
        if kind is None:
            continue
        answer = case_files.open_for_answer(user, case_id, view.file, view.id, language)
        named = view.kind if view.file is FileOf.SYSTEM else view.name
        yield _One(kind, f"{text(TITLES[kind])}: {named}" if named else text(TITLES[kind]), view, answer)


def _likeness(one: _One) -> str:
    """Files of one likeness hold the same: asked by email and by ID, an export differs in its envelope alone."""
    answer = one.answer
    if one.kind is not FileKind.GIFT_CARDS or answer.media != SystemMedia.JSON or answer.size_bytes > MOST_COMPARED:
        return f"{one.kind} {answer.sha256}"
    try:
        read = json.loads(answer.read())
    except ValueError:
        return f"{one.kind} {answer.sha256}"
    if isinstance(read, dict):
        read = {key: value for key, value in read.items() if key.casefold() not in ENVELOPE}
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()


def _line(line: LeftOutLine) -> parts.LeftOutLine:
    return parts.LeftOutLine(line.number, line.place_words, line.kind, line.reason, line.section)
