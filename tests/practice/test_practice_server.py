"""The process: starting, stopping, request ids, the edge limit and the hooks."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from portal.practice.server import bound_socket
from portal.practice.settings import PracticeSettings


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_server_exits_cleanly_when_told_to_stop(start_practice: Any, wanted: signal.Signals) -> None:
    with start_practice() as practice:
        practice.ask("ordinary")
        practice.ask("cut_off")
        practice.process.send_signal(wanted)
        _, complaints = practice.process.communicate(timeout=10)
        assert practice.process.returncode == 0
        assert complaints == ""


def test_server_stops_while_a_caller_is_still_waiting(start_practice: Any) -> None:
    with start_practice() as practice:
        address = practice.base.removeprefix("http://").split(":")
        body = b'{"customerEmail": "no.answer@example.com", "format": "json"}'
        head = (
            "POST /v2/giftcards/gdpr/export HTTP/1.1\r\nHost: practice\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer practice-token-merchant-one\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((address[0], int(address[1])), timeout=10) as waiting:
            waiting.sendall(head.encode() + body)
            arrived = (practice.counts()["exports_accepted"] for _ in range(2000))
            assert any(count == 1 for count in arrived)
            practice.process.terminate()
            practice.process.communicate(timeout=10)
        assert practice.process.returncode == 0


def test_server_says_so_when_its_port_is_taken(practice: Any) -> None:
    port = practice.base.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "portal.practice", "--port", port, "--download-port", "0"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert run.returncode == 1
    assert run.stderr.startswith(f"Port {port} is taken")


def test_settings_refuse_a_host_that_others_can_reach() -> None:
    with pytest.raises(ValidationError, match="loopback only"):
        PracticeSettings(host="0.0.0.0")


def test_second_port_follows_the_first() -> None:
    assert PracticeSettings().download_port == 8651
    assert PracticeSettings(port=9000).download_port == 9001
    assert PracticeSettings(port=9000, download_port=9100).download_base == "http://127.0.0.1:9100"
    assert PracticeSettings(export_lifetime_seconds=60).export_lifetime_seconds == 60


@pytest.mark.parametrize(
    ("sent", "echoed"), [("Abc-1.2_3", True), ("x" * 128, True), ("x" * 129, False), ("a b", False)]
)
def test_request_id_is_echoed_when_it_is_well_formed(practice: Any, sent: str, echoed: bool) -> None:
    with practice.client() as client:
        answers = [
            client.get("/v2/token"),
            client.get("/v2/nothing/here"),
            client.get("/v2/loyalty/programs/x/customers"),
        ]
        assert all(answer.headers["x-request-id"] for answer in answers)
        answered = client.get("/v2/token", headers={"X-Request-Id": sent}).headers["x-request-id"]
    assert (answered == sent) is echoed


def test_every_answer_carries_a_date(practice: Any) -> None:
    assert practice.ask("refused").headers["date"].endswith(" GMT")


def test_edge_limit_turns_an_address_away_but_not_the_hooks(start_practice: Any) -> None:
    with start_practice("--edge-limit", "3") as practice, practice.client() as client:
        statuses = [client.get("/v2/token").status_code for _ in range(4)]
        refused = client.get("/v2/token")
        assert statuses == [200, 200, 200, 429]
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert refused.headers["x-request-id"]
        assert client.get("/_practice/health").status_code == 200


def test_reset_forgets_exports_and_counts(practice: Any) -> None:
    answer = practice.ask("ordinary")
    assert practice.counts()["export_posts"] == 1
    with practice.client() as client:
        client.post("/_practice/reset")
        assert client.get(answer.json()["downloadUrl"]).status_code == 404
    assert practice.counts()["export_posts"] == 0


def test_counts_hold_nothing_personal(practice: Any) -> None:
    practice.file_of("ordinary")
    counts = practice.counts()
    assert counts["downloads"] == counts["exports_accepted"] == 1
    assert counts["by_situation"]["ordinary"] == {"export_posts_valid": 1, "exports_accepted": 1, "downloads": 1}
    assert "@" not in str(counts)


def test_listening_sockets_name_tcp_so_that_small_answers_are_sent_at_once() -> None:
    with bound_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_practice_prints_address_and_tokens_when_it_answers_into_a_pipe_too() -> None:
    """And what it prints is enough to ask it: the settings of a portal, and a bearer that is taken."""
    port = free_pair()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, "-m", "portal", "practice", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            said = "".join(iter(process.stdout.readline, "  Ctrl-C stops it.\n"))
            token = re.search(r"PORTAL_API_TOKEN=(\S+)", said)
            assert token is not None and f"PORTAL_API_URL=http://127.0.0.1:{port} " in said
            assert f"PORTAL_DOWNLOAD_HOSTS=127.0.0.1:{port + 1} PORTAL_ALLOW_LOOPBACK_HTTP=1" in said
            headers = {"Authorization": f"Bearer {token[1]}"}
            assert httpx.get(f"http://127.0.0.1:{port}/v2/token", headers=headers, trust_env=False).status_code == 200
        finally:
            process.terminate()


@pytest.mark.parametrize("options", ["--port 70000", "--port many", "--port 8650 --download-port 8650"])
def test_practice_refuses_ports_that_cannot_be_in_words(options: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal", "practice", *options.split()], capture_output=True, text=True, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 2 and "port" in done.stderr and "Traceback" not in done.stderr


def test_practice_says_in_words_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "portal", "practice", "--port", str(port)], capture_output=True, text=True,
            check=False, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    assert done.returncode == 1 and f"Port {port} is taken" in done.stderr and "Traceback" not in done.stderr


def free_pair() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
