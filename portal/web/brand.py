"""The portal's own mark, as inline SVG: nothing is loaded from outside and `/media` stays closed."""

from __future__ import annotations

import base64

# A shield with the rows of a table.
ICON_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">
<path d="M24 3 42 9v13c0 11.500-7.400 19.300-18 23C13.400 41.300 6 33.500 6 22V9z" fill="#0f6b66"/>
<path d="M15 17h18M15 24h18M15 31h11" stroke="#fff" stroke-width="3.600" stroke-linecap="round"/></svg>"""

# `textLength`: fits in any font.
LOGO_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 212 48" width="212" height="48">
<path d="M24 3 42 9v13c0 11.500-7.400 19.300-18 23C13.400 41.300 6 33.500 6 22V9z" fill="#12807a"/>
<path d="M15 17h18M15 24h18M15 31h11" stroke="#fff" stroke-width="3.600" stroke-linecap="round"/>
<text x="54" y="31" font-family="Source Sans, Source Sans Pro, Helvetica, Arial, sans-serif" font-size="22"
 font-weight="600" textLength="152" lengthAdjust="spacingAndGlyphs" fill="#5b8f8b">Privacy portal</text></svg>"""


def data_address(svg: str) -> str:
    """A drawing as a `data:` address, without a request."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


ICON_ADDRESS = data_address(ICON_SVG)
"""The icon, for the browser's tab."""
