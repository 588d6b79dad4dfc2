"""The charset of the file's own answer reaches the preview, through the whole portal."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.exports import State
from portal.exports.workflow.results import Done
from tests.hostile.house import House, open_house
from tests.hostile.plays import EMAIL, GOOD, answer
from tests.hostile.whole_plays import file_of

pytestmark = pytest.mark.keeps("SEC-16")


@pytest.fixture(scope="module")
def house(
    trusting: ssl.SSLContext, localhost_tls: ssl.SSLContext, hostile_vendor: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:  # fmt: skip
    stage = hostile_vendor(localhost_tls)
    folder: Path = tmp_path_factory.mktemp("named-encoding")
    with open_house(folder, stage, trusting) as opened:
        yield opened
    stage.close()


@pytest.mark.parametrize(
    ("codec", "media", "name"),
    [
        ("cp1250", "text/csv; charset=windows-1250", "Łukasz Żółć"),
        ("cp1251", "text/csv; charset=windows-1251", "Мария"),
        ("utf-8", "text/csv; charset=iso-8859-1", "Łukasz Żółć"),
        ("cp1252", "text/csv", "Zoë Müller"),
    ],
)
def test_the_preview_reads_the_encoding_that_the_answer_named(house: House, codec: str, media: str, name: str) -> None:
    body = f"customerEmail,name\r\n{EMAIL},{name}\r\n".encode(codec)
    house.stage.play = lambda line: line.sendall(answer(GOOD | {"format": "csv"}))
    house.stage.file_play = lambda line: line.sendall(file_of(body, f"Content-Type: {media}"))
    export_id, steps = house.ask("csv"), house.steps()
    assert steps.send(export_id) == Done(State.ACCEPTED)
    assert steps.fetch(export_id, 0) == Done(State.COLLECTED)
    steps.inspect(export_id)
    assert house.view(export_id).state is State.READY
    preview = house.portal.files.open_preview(house.user, export_id)
    assert name in preview.raw.page(0)
