"""What the codes of answers are called (`portal.exports.core.answers`)."""

from __future__ import annotations

from collections.abc import Mapping

from portal.exports.core.answers import NO_FILE, Channel, Kind, Reason
from portal.exports.core.download import FileKind
from portal.ui.common.words import later

KIND_WORDS: Mapping[Kind, str] = {
    Kind.SENT: later("The answer was sent"),
    Kind.ACKNOWLEDGED: later("The customer has it"),
    Kind.EXTENDED: later("More time was announced"),
    Kind.REFUSED: later("The request was refused"),
    Kind.CLOSED: later("No answer is needed"),
    Kind.TAKEN_BACK: later("Take the last record back"),
}
CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.EMAIL: later("By email"),
    Channel.POST: later("By post"),
    Channel.HANDED_OVER: later("Handed over"),
    Channel.SECURE_PLACE: later("Through another secure place"),
}
COPY_WORDS: Mapping[str, str] = {
    FileKind.ORIGINAL: later("The original file"),
    FileKind.REDACTED: later("The file with parts left out"),
    FileKind.CSV: later("The spreadsheet copy"),
    FileKind.XLSX: later("The workbook copy"),
    NO_FILE: later("No file"),
}
REASON_WORDS: Mapping[Reason, str] = {
    Reason.COMPLEXITY: later("It is complex"),
    Reason.MANY_REQUESTS: later("This customer made many requests"),
    Reason.UNFOUNDED: later("Manifestly unfounded"),
    Reason.EXCESSIVE: later("Excessive"),
    Reason.IDENTITY: later("Identity not shown"),
    Reason.OTHERS_RIGHTS: later("Rights of others"),
    Reason.ELSEWHERE: later("Answered with another export"),
    Reason.TAKEN_BACK: later("The customer took the request back"),
    Reason.NO_REQUEST: later("It was no customer's request"),
}
