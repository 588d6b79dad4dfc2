"""The portal's languages: catalogues, translation of finished sentences, numbers and dates.

Imports nothing of the portal. Pages use `portal.ui.common.words`; this package serves it and plain HTTP responses.
"""

from portal.language.catalogues import Catalogue, catalogue_of
from portal.language.choosing import ENGLISH, LANGUAGES, Language, best_language, current_language, known_or_english

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Catalogue",
    "Language",
    "best_language",
    "catalogue_of",
    "current_language",
    "known_or_english",
]
