"""A picture as it is shown: decoded here within limits, and written anew, so that the browser decodes nothing of the
file's own and none of its hidden texts (place, camera) reach the page.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image

from portal.errors import PortalError
from portal.systems.media import PICTURES, Media

MAX_PIXELS = 40_000_000  # 160 MB when decoded
SHOWN_PIXELS = 1_200  # a side
JPEG_QUALITY = 85
TOO_LARGE = "This picture is too large to be shown."


class PictureRefused(PortalError):
    code = "picture"
    message = "This picture is damaged, so it is not shown."
    next_step = "Download it to look at it."


@dataclass(frozen=True)
class Picture:
    media_type: str
    content: bytes = field(repr=False)


def picture_of(data: bytes, media: Media) -> Picture:
    """The first frame, reduced: as JPEG, or as PNG where it is see-through.

    Raises PictureRefused: damaged, of another format than its first bytes say, too large. The size is read from the
    head before anything is decoded: a file of a few bytes can stand for gigabytes.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[PICTURES[media]]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            picture.draft("RGB", (SHOWN_PIXELS, SHOWN_PIXELS))
            picture.load()
            clear = picture.has_transparency_data
            small = picture.convert("RGBA" if clear else "RGB")
        small.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
        out = io.BytesIO()
        small.save(out, "PNG" if clear else "JPEG", quality=JPEG_QUALITY)
    except Image.DecompressionBombError:
        raise PictureRefused(TOO_LARGE, detail="too many pixels") from None
    except Exception as error:  # whatever a decoder of untrusted bytes raises
        raise PictureRefused(detail=type(error).__name__) from None
    return Picture("image/png" if clear else "image/jpeg", out.getvalue())
