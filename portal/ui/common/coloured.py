"""A table with some coloured cells, without the price of working out a style for every cell.

`DataFrame.style.apply` costs 6 ms of processor time for 50 rows of 9 columns, and this 0.8 ms: a seventh of a rerun of
Past exports (34 ms, `bench/load.py one`). Streamlit asks a Styler for `_compute` and `_translate` alone
(streamlit/elements/lib/pandas_styler_utils.py), so they are answered from what is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

SAME_NAME = "cells"
"""pandas draws a new one each time, so that Streamlit's cache of sent messages never knew a table again."""


def coloured(frame: pd.DataFrame, cells: Mapping[tuple[int, int], str]) -> Any:
    """What `st.dataframe` takes: the frame, its cells (row, column, from 0) drawn with these CSS declarations.

    A cell that is missing is drawn as "None", as pandas writes it.
    """
    if not cells:
        return frame
    places: dict[str, list[str]] = {}
    for (row, column), css in cells.items():
        places.setdefault(css, []).append(f"row{row}_col{column}")
    missing = frame.isna().to_numpy()
    answer = {
        "cellstyle": [{"props": _declarations(css), "selectors": where} for css, where in places.items()],
        "body": [
            [
                {"id": f"row{row}_col{column}", "display_value": "None"}
                for row, column in zip(*missing.nonzero(), strict=True)
            ]
        ],
    }
    styler = frame.style.set_uuid(SAME_NAME)
    styler._compute = lambda: styler  # type: ignore[attr-defined]
    styler._translate = lambda *_asked: answer  # type: ignore[attr-defined]
    return styler


def _declarations(css: str) -> list[tuple[str, str]]:
    return [
        (name.strip(), value.strip()) for name, _, value in (part.partition(":") for part in css.split(";")) if name
    ]
