"""PORTAL_API_URL and PORTAL_API_TOKEN: each usual form of the address works; no token goes where it does not belong."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.config import WrongSettings, load_settings
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN

pytestmark = pytest.mark.keeps("SEC-10", "SEC-46")


@pytest.fixture
def listener() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A server that is not LoyaltyDog: keeps each request's path and headers, answers 403."""
    heard: list[tuple[str, dict[str, str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b'{"detail": "no"}'
            self.send_response(403)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with contextlib.ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        yield f"http://127.0.0.1:{server.server_port}", heard
    server.server_close()


@pytest.mark.parametrize("form", ["", "/", "/v2", "/api/v2/"])
def test_every_usual_form_of_the_address_works(cli: Any, bare: Path, shop: Any, tmp_path: Path, form: str) -> None:
    out = tmp_path / "file.csv"
    done = cli(
        "export", "--email", "flat.csv@example.com", "--format", "csv", "--out", out, data=bare,
        api_url=shop.base + form, api_token=MERCHANT_ONE_TOKEN, allow_loopback_http="1", download_hosts=shop.downloads,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(out.read_bytes()) == done.json["size_bytes"] > 0
    assert shop.posts() == 1
    assert MERCHANT_ONE_TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("address", ["https://user:secret@api.example", "http://api.example"])
def test_an_address_that_cannot_be_right_is_refused_in_words(
    cli: Any, bare: Path, tmp_path: Path, address: str
) -> None:
    done = cli(
        "export", "--email", "ada@example.com", "--out", tmp_path / "f.json", data=bare,
        api_url=address, api_token=MERCHANT_ONE_TOKEN, allow_loopback_http="1",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.json["problem"] in done.stderr and "secret" not in done.stdout + done.stderr
    assert not (tmp_path / "f.json").exists()


def test_loopback_over_plain_http_is_refused_unless_allowed(cli: Any, bare: Path, shop: Any, tmp_path: Path) -> None:
    done = cli(
        "export", "--email", "ada@example.com", "--out", tmp_path / "f.json", data=bare,
        api_url=shop.base, api_token=MERCHANT_ONE_TOKEN,
    )  # fmt: skip
    assert (done.returncode, done.json["state"], shop.posts()) == (1, "failed", 0)


def test_a_saved_token_is_not_sent_to_another_address(
    cli: Any, data: Path, shop: Any, tmp_path: Path, listener: Any
) -> None:
    base, heard = listener
    arguments = ("export", "--email", "ada@example.com", "--out", tmp_path / "f.json")
    without = cli(*arguments, data=data, api_url=base)
    assert (without.returncode, without.json["problem_code"]) == (1, "not_configured")
    several = cli(*arguments, data=data, api_url=base, api_token="token-of-the-environment")
    assert (several.returncode, several.json["problem_code"]) == (1, "not_configured")
    assert "several merchants" in several.stderr
    assert heard == [] and shop.posts() == 0


def test_a_token_of_the_environment_alone_goes_to_the_address_of_the_environment(
    cli: Any, bare: Path, tmp_path: Path, listener: Any
) -> None:
    base, heard = listener
    done = cli(
        "export", "--email", "ada@example.com", "--out", tmp_path / "f.json", data=bare,
        api_url=base, api_token="token-of-the-environment", allow_loopback_http="1",
    )  # fmt: skip
    assert (done.returncode, done.json["problem_code"]) == (1, "forbidden")
    assert [(path, headers["authorization"]) for path, headers in heard] == [
        ("/v2/giftcards/gdpr/export", "Bearer token-of-the-environment")
    ]


def test_a_token_of_the_environment_serves_no_merchant_where_there_are_two(
    cli: Any, data: Path, shop: Any, tmp_path: Path
) -> None:
    # Saved tokens go on serving; the environment's is not used although it would open the other merchant.
    done = cli(
        "export", "--email", "grace@example.com", "--out", tmp_path / "f.json", data=data, api_token=MERCHANT_TWO_TOKEN
    )
    assert (done.returncode, done.json["problem_code"]) == (1, "not_found")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"port": "many-many"}, "PORTAL_PORT"),
        ({"retention_days": "9876"}, "PORTAL_RETENTION_DAYS"),
        ({"mode": "holiday"}, "PORTAL_MODE"),
        ({"api_token_file": "/nowhere/at/all"}, "PORTAL_API_TOKEN_FILE"),
        ({"answer_seconds": "-17", "api_token": "hush-hush"}, "PORTAL_ANSWER_SECONDS"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], named: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"PORTAL_{name.upper()}", value)
    with pytest.raises(WrongSettings) as caught:
        load_settings()
    shown = f"{caught.value.message} {caught.value}"
    assert named in caught.value.message and named in str(caught.value)
    assert not any(value in shown for value in settings.values())


def test_a_wrong_setting_ends_a_command_in_words(cli: Any, tmp_path: Path) -> None:
    done = cli("accounts", "list", data=tmp_path / "new", port="many")
    assert (done.returncode, done.stdout) == (1, "")
    assert "PORTAL_PORT: " in done.stderr and "many" not in done.stderr


def test_a_token_may_come_from_a_file(cli: Any, bare: Path, tmp_path: Path, listener: Any) -> None:
    base, heard = listener
    (tmp_path / "token").write_text("token-of-a-file\n")
    cli(
        "export", "--email", "ada@example.com", "--out", tmp_path / "f.json", data=bare,
        api_url=base, api_token_file=tmp_path / "token", allow_loopback_http="1",
    )  # fmt: skip
    assert [headers["authorization"] for _, headers in heard] == ["Bearer token-of-a-file"]
