"""Every text of the package's pages, as a message of the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from portal.package.dictionary.kinds import Origin, Topic
from portal.package.parts import NoPdf
from portal.redaction.left_out_list import KIND_WORDS
from portal.redaction.places import Grain

SKIP = "Skip to the content"
YOUR_DATA = "Your data at {merchant}"
INTRODUCTION = (
    "This page shows everything {merchant} found about you. Your request {reference} came in on {received}; "
    "this is the answer of {answered}."
)
PRIVATE = "It is private. Keep it where only you can read it."
AT_A_GLANCE = "At a glance"
CONTENTS = "On this page"
SHOW_STORED = "Show also the names and values that the shop's system uses"
TOPICS: Mapping[Topic, str] = {
    Topic.WHO: "Who you are",
    Topic.CARDS: "Your cards",
    Topic.HAPPENED: "What happened",
    Topic.POINTS: "Your points",
    Topic.CONSENTS: "What you agreed to",
    Topic.LOOKED: "Who looked at your data",
    Topic.PORTAL: "What your request left with us",
    Topic.OTHER: "More about these files",
}
GLANCES: Mapping[Topic, str] = {
    Topic.WHO: "Details about you",
    Topic.CARDS: "Gift cards",
    Topic.HAPPENED: "Entries of what happened",
    Topic.POINTS: "Points",
    Topic.CONSENTS: "Answers about consent",
    Topic.LOOKED: "Looks at your data",
    Topic.PORTAL: "Notes on your request",
    Topic.OTHER: "Other entries",
}
LEFT_ON_CARDS = "{amount} left on them"
FROM_TO = "from {first} to {last}"
PLACES_LEFT_OUT = "Places left out"
ACTIVITY = "Activity over time"
PER_MONTH = "Entries in each month"
PER_YEAR = "Entries in each year"
POINTS_PER_MONTH = "Points earned in each month"
POINTS_PER_YEAR = "Points earned in each year"
MOST = "Busiest: {when}, with {count}. In all: {total}."
SAME_FIGURES = "The same figures as a table"
WHEN = "When"
HOW_MANY = "How many"
HOW_MANY_POINTS = "How many points"
ROWS = "Entries: {count}"
IN_FILE = "in {file}"
SAME_IN_ALL = "The same in every entry of this table"
SAME_IN_FILES = "The same in"
SMALL_PRINT = "Names in the system of what stands below each entry"
NOT_FILLED = "Not filled:"
NOT_FILLED_ALONE = "Not filled"
EMPTY = "Empty"
NO_LIST = "None"
YES = "Yes"
NO = "No"
CONTINUED = "continued"
UNKNOWN_FIELD = "We have no plain name for this field. Ask us what it means."
UNKNOWN_SHORT = "ask us"
BELONGS_TO = "Belongs to"
KEY = "Name of the entry"
LISTED = "Every value of this file, with the place where it stands."
WHERE = "Place in the file"
VALUE = "Value"
AS_ATTACHED = "This file is of a kind that is not shown here. Open it from the folder {folder}."
OTHER_PAGES = "Your data is long, so it stands on several pages."
PAGE_OF = "Page {number}"
BACK = "Back to the overview"
FIELDS_TITLE = "What the fields mean"
FIELDS_INTRODUCTION = "Each field of your files, the name the shop's system uses, and what we know of it."
FIELD = "Field"
NAME_IN_SYSTEM = "Name in the system"
MEANING = "What it means"
ORIGIN = "Where it comes from"
CODES_TITLE = "Codes and their meaning"
CODE = "Code"
ORIGINS: Mapping[Origin, str] = {
    Origin.PROVIDED: "From you",
    Origin.OBSERVED: "From what you did",
    Origin.DERIVED: "Worked out by the shop",
    Origin.INTERNAL: "From the shop or its software",
    Origin.OTHERS: "From or about another person",
}
LEFT_OUT_TITLE = "What we left out"
LEFT_OUT_INTRODUCTION = (
    "What is named below was left out of your copy. Each place carries the same number in the files. "
    "If you think it should be there, write to us; you may also complain to the supervisory authority or go to court."
)
LEFT_OUT_WHOLE = "Files that we do not give"
FILE = "File"
NUMBER = "Number"
PLACE = "Place"
KIND = "What it is"
REASON = "Why"


def kind_words(code: str) -> str:
    """What a line of what was left out is about: a grain, or a whole file."""
    return KIND_WORDS[Grain(code)] if code in set(Grain) else FILE


READ_ME_TITLE = "Your request {reference}: read this first"
WHAT_IS_HERE = "What is in this package"
HOW_TO_OPEN = (
    "Unpack the whole package first, then open the pages by a double click. They open in any browser, "
    "also without the internet, and send nothing to anybody."
)
ITEMS: Mapping[str, str] = {
    "your_data": "Everything we found about you, to read and to print",
    "pdf": "The letter and your data as one PDF, to print",
    "left_out": "What we left out, and why",
    "fields": "What the names of the fields mean",
    "tables": "The same data as tables, for a spreadsheet",
    "data": "The files as we received them, for programs",
    "data_redacted": "The files as we received them, less what was left out",
    "data_portable": "The data you gave us or that we observed of you, for programs",
    "manifest": "A list of all files, and how to check that they are whole",
}
NO_PDF: Mapping[NoPdf, str] = {
    NoPdf.GLYPH: "There is no PDF: your data hold a character that we cannot print. The pages show everything.",
    NoPdf.LENGTH: "There is no PDF: your data are too long for one. The pages show everything.",
}
MANIFEST_TITLE = "All files of this package"
MANIFEST_INTRODUCTION = (
    "Each file with its size and its fingerprint (SHA-256). If a fingerprint is the same, not one character "
    "of the file was changed."
)
SIZE = "Size in bytes"
FINGERPRINT = "Fingerprint"
CHECK_TITLE = "How to check a fingerprint"
CHECK_WINDOWS = "Windows, in PowerShell:"
CHECK_OTHERS = "macOS and Linux, in a terminal:"
CHECK_THEN = "Compare what is printed with the fingerprint above. Large and small letters do not matter."
AS_FETCHED = "as it was received"
REDACTED = "with places left out"
ESCAPED_CELLS = (
    "In {count} cells of the tables an apostrophe was put before the text, "
    "so that no spreadsheet takes it for a formula."
)
