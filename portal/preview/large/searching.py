"""Looking for a text through all of a large file, in a thread, with progress and an end at any time."""

import threading

from portal.preview.model import Hit, Preview


class Search:
    """`hits` grows while it looks; `done` when it has seen everything, found `limit` places, or was cancelled."""

    def __init__(self, preview: Preview, text: str, limit: int) -> None:
        self.hits: list[Hit] = []
        self.done = False
        self.cancelled = False
        self.failed = False
        self._total = max(1, preview.row_count)
        self._looked = 0
        self._preview, self._text, self._limit = preview, text, limit
        self._thread = threading.Thread(target=self._run, name="preview-search", daemon=True)

    def start(self) -> "Search":
        self._thread.start()
        return self

    @property
    def progress(self) -> float:
        """0 to 1."""
        return 1.0 if self.done else min(1.0, self._looked / self._total)

    def cancel(self) -> None:
        self.cancelled = True

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        self._thread.join(seconds)
        return self.done

    def _run(self) -> None:
        try:
            for hit in self._preview.find(self._text, self._told):
                self.hits.append(hit)
                if len(self.hits) >= self._limit or self.cancelled:
                    break
        except _CancelledError:
            pass
        except Exception:  # the side file is gone or damaged: the page says so, the thread says nothing
            self.failed = True
        self.done = True

    def _told(self, rows: int) -> None:
        self._looked = rows
        if self.cancelled:
            raise _CancelledError


class _CancelledError(Exception):
    """The search was cancelled."""
