"""streamlit-authenticator, imported as the package it is: its hasher and its validator do their jobs here.

Seen in 0.4.2: importing it makes a cache and a browser component, of which Streamlit warns on standard error wherever
no page runs (the command line, a start). Those warnings are held back while it is imported.
"""

from __future__ import annotations

import logging

logging.disable(logging.WARNING)
try:
    from streamlit_authenticator.utilities import Hasher, Validator
finally:
    logging.disable(logging.NOTSET)

__all__ = ["Hasher", "Validator"]
