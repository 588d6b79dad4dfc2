"""Hand-picked names and texts that break careless software. All invented."""

from typing import Final

# Surnames that spreadsheets and data frames take for a missing value, quotes, right-to-left writing with an explicit
# mark, a decomposed accent (e + U+0301), a zero-width joiner, one-letter and very long names.
TRICKY_NAMES: Final[tuple[str, ...]] = (
    "Yuki NA",
    "Jennifer Null",
    "Siobhan O'Neil",
    "\u200fليلى المنصوري",
    "Re\u0301mi Cote\u0301",
    "Nan True",
    'Dwayne "Doc" Oduya',
    "X Æ",
    "María de los Ángeles Fernández-Villaverde y Ruiz de la Concepción Bustamante",
    "נועם לוי",
    "Inf None",
    "கமலா ராமன்",
)

# Formula starters (=, +, -, @, tab), emoji with joiners and skin tones, line breaks, separators of both CSV dialects,
# mixed directions, and markup that must stay text.
TRICKY_MESSAGES: Final[tuple[str, ...]] = (
    "=SUM(1+1)",
    "+1 coffee on me",
    "-10% is not enough, have this",
    "@team thank you",
    "Happy birthday 🎂👩🏽‍🚀 from all of us",
    'Two lines,\nwith a "quote"; and both separators',
    "שלום and مرحبا in one line",
    "<b>Not bold</b> & <script>alert(1)</script>",
    "NA",
    "null",
    "\t=1+1",
    "1e5",
    "007",
)

PLAIN_MESSAGES: Final[tuple[str, ...]] = (
    "Happy birthday! Enjoy a slow coffee.",
    "Thank you for looking after the cat.",
    "Félicitations pour ton diplôme",
    "Alles Gute zum Geburtstag",
    "お誕生日おめでとう",
    "Good luck in the new flat",
    "For the long train rides",
    "Merci pour tout, à bientôt",
)
