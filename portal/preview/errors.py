"""What can go wrong while reading an export so badly that no table exists.

PreviewError
    The bytes hold no value that a table could show. `raw` still shows the text, page by page.
"""

from portal.preview.raw import RawText


class PreviewError(Exception):
    """Nothing of the file can be shown as a table.

    message: for the person, free of the file's content. detail: for the log, free of personal data.
    raw: the original text, safe to display.
    """

    def __init__(self, message: str, detail: str, raw: RawText) -> None:
        super().__init__(detail)
        self.message = message
        self.detail = detail
        self.raw = raw
