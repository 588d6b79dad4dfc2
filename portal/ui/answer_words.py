"""What the codes of answers are called (`portal.exports.answers`)."""

from __future__ import annotations

from portal.exports.answers import Kind
from portal.ui.words import later

KIND_WORDS = {
    Kind.SENT: later("The answer was sent"),
    Kind.ACKNOWLEDGED: later("The customer has it"),
    Kind.EXTENDED: later("More time was announced"),
    Kind.REFUSED: later("The request was refused"),
    Kind.CLOSED: later("No answer is needed"),
    Kind.TAKEN_BACK: later("Take the last record back"),
}
CHANNEL_WORDS = {
    "email": later("By email"),
    "post": later("By post"),
    "handed_over": later("Handed over"),
    "secure_place": later("Through another secure place"),
}
COPY_WORDS = {
    "original": later("The original file"),
    "csv": later("The spreadsheet copy"),
    "xlsx": later("The workbook copy"),
    "none": later("No file"),
}
REASON_WORDS = {
    "complexity": later("It is complex"),
    "many_requests": later("This customer made many requests"),
    "unfounded": later("Manifestly unfounded"),
    "excessive": later("Excessive"),
    "identity": later("Identity not shown"),
    "others_rights": later("Rights of others"),
    "elsewhere": later("Answered with another export"),
    "taken_back": later("The customer took the request back"),
    "no_request": later("It was no customer's request"),
}
