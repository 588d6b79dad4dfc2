"""A sink in a thread of its own loses nothing, reorders nothing, and its trouble is told where the bytes come from."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exports.workflow.background_sink import MAX_QUEUED, BackgroundSink


@given(st.lists(st.binary(max_size=50), max_size=60))
def test_all_pieces_arrive_in_order_before_the_block_is_left(pieces: list[bytes]) -> None:
    got: list[bytes] = []
    with BackgroundSink(got.append) as sink:
        for piece in pieces:
            sink(piece)
    assert got == pieces


def test_trouble_of_the_sink_is_raised_where_the_pieces_come_from() -> None:
    def full(_: bytes) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"), BackgroundSink(full) as sink:
        for _ in range(10 * MAX_QUEUED):
            sink(b"x")


def test_trouble_with_the_last_piece_is_not_lost() -> None:
    def picky(piece: bytes) -> None:
        if piece == b"last":
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"), BackgroundSink(picky) as sink:
        sink(b"first")
        sink(b"last")


def test_after_trouble_with_the_fetch_nothing_more_is_written() -> None:
    got: list[bytes] = []
    hold = threading.Event()

    def slow(piece: bytes) -> None:
        hold.wait(10)
        got.append(piece)

    with pytest.raises(ConnectionError), BackgroundSink(slow) as sink:
        for number in range(MAX_QUEUED):
            sink(b"%d" % number)
        threading.Timer(0.05, hold.set).start()
        raise ConnectionError
    assert len(got) <= 1, "the one under way when the fetch broke off"
    assert not [thread for thread in threading.enumerate() if thread.name == "sealing"]


def test_fast_sender_waits_for_a_slow_sink() -> None:
    hold, handed = threading.Event(), []

    def send() -> None:
        with BackgroundSink(lambda piece: hold.wait(10) and None) as sink:
            for number in range(5 * MAX_QUEUED):
                sink(b"x")
                handed.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.2)
    assert len(handed) <= MAX_QUEUED + 1
    hold.set()
    sender.join(10)
    assert len(handed) == 5 * MAX_QUEUED
