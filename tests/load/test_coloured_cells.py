"""Our short way to coloured cells sends the browser what pandas' own styles would send."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.elements.arrow import marshall
from streamlit.proto.ArrowData_pb2 import ArrowData

from portal.ui.common.coloured import SAME_NAME, coloured

AMBER = "background-color: rgba(217, 140, 0, 0.28)"
GREY = "color: #5a696c"


def rules(proto: ArrowData) -> set[tuple[str, str]]:
    """(cell, declarations) of a style sheet, whatever the order and grouping."""
    found = set()
    for line in filter(None, proto.styler.styles.split("\n")):
        selectors, _, declarations = line.partition("{")
        found |= {(one.strip(), declarations.strip(" }").replace(" ", "")) for one in selectors.split(",")}
    return found


@pytest.mark.parametrize("missing", [False, True])
def test_coloured_cells_reach_the_browser_as_pandas_styles_do(missing: bool) -> None:
    frame = pd.DataFrame(
        [["a", "b", "c"], ["d", None if missing else "e", "f"], ["", "<b>", "null"]],
        columns=["one", "two", "three"], index=[7, 8, 9], dtype=object,
    )  # fmt: skip
    cells = {(0, 1): AMBER, (1, 1): AMBER, (2, 2): GREY}
    styles = [["", AMBER, ""], ["", AMBER, ""], ["", "", GREY]]
    ours, theirs = ArrowData(), ArrowData()
    marshall(ours, coloured(frame, cells), "same")
    drawn = frame.style.apply(lambda f: pd.DataFrame(styles, index=f.index, columns=f.columns), axis=None)
    marshall(theirs, drawn.set_uuid(SAME_NAME), "same")
    assert rules(ours) == rules(theirs) != set()
    assert ours.data == theirs.data
    assert ours.styler.display_values == theirs.styler.display_values
    assert ours.styler.uuid == theirs.styler.uuid


def test_the_same_coloured_table_is_the_same_message_again() -> None:
    def sent() -> bytes:
        proto = ArrowData()
        marshall(proto, coloured(pd.DataFrame([["a", "b"]], columns=["x", "y"]), {(0, 0): AMBER}), "place")
        return proto.SerializeToString(deterministic=True)

    assert sent() == sent()


def test_a_table_without_coloured_cells_is_sent_bare() -> None:
    frame = pd.DataFrame([["a"]], columns=["one"])
    assert coloured(frame, {}) is frame
