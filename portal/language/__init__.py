"""The languages a person may read the portal in: catalogues, sentences made elsewhere, numbers and dates.

Knows nothing of the portal. Pages ask `portal.ui.words`; this room is for it and for plain HTTP answers.
"""

from portal.language.catalogues import Catalogue, catalogue_of
from portal.language.choosing import ENGLISH, LANGUAGES, best_of, current_language, known_or_english

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Catalogue",
    "best_of",
    "catalogue_of",
    "current_language",
    "known_or_english",
]
