"""Every operation against a mock that prism makes from the contract alone: nothing of ours is on the other side.

prism answers 422 to a request that breaks the contract (``--errors``), so an answer means a request as documented. Its
second instance (``--dynamic``) answers with random values of the documented types.
"""

import datetime as dt
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.loyaltydog import (
    AuditLogPage,
    Connection,
    ConsentAsk,
    ConsentRecord,
    ErasureAnswer,
    ErasureAsk,
    ExportAnswer,
    ExportAsk,
    FetchedFile,
    FetchPolicy,
    LoyaltyDog,
    LoyaltyDogError,
    NotFound,
    Program,
    Rejected,
    SignIn,
    UnreadableAnswer,
    User,
    fetch_file,
)

ROOT = Path(__file__).resolve().parents[2]
PRISM = ROOT / "tests/tools/node_modules/.bin/prism"
NODE = ROOT / ".venv/bin/node"
CONTRACT = ROOT / "portal/practice/contract/openapi.yaml"
OBJECT_ID = "64b7f0c2a1b2c3d4e5f60718"
ASK = ExportAsk("json", customer_email="kim@example.com", program_id=OBJECT_ID, card_id=OBJECT_ID)

pytestmark = pytest.mark.skipif(not (PRISM.exists() and NODE.exists()), reason="prism comes with `make .make/node`")


def keep(_: bytes) -> None:
    """A sink for a file whose bytes are of no interest."""


def download(api: LoyaltyDog, base: str) -> FetchedFile:
    connection = Connection(base, "token", allow_loopback_http=True)
    policy = FetchPolicy(base, allow_loopback_http=True)
    address = api.download_address(ASK, "exp-1")
    return fetch_file(address, policy, expected_format="json", sink=keep, connection=connection)


Call = Callable[[LoyaltyDog, str], Any]
OPERATIONS: dict[str, tuple[Call, type]] = {
    "token info": (lambda api, _: api.whoami(), User),
    "token": (lambda api, _: api.sign_in("kim@example.com", "secret"), SignIn),
    "mfa-verify": (lambda api, _: api.verify_mfa("pending", "123456"), SignIn),
    "programs": (lambda api, _: api.programs()[0], Program),
    "export": (lambda api, _: api.request_export(ASK), ExportAnswer),
    "export by id": (lambda api, _: api.request_export(ExportAsk("csv", customer_id=OBJECT_ID)), ExportAnswer),
    "download": (download, FetchedFile),
    "loyalty customer export": (
        lambda api, _: api.loyalty_customer_export(OBJECT_ID, OBJECT_ID, format="json", sink=keep), FetchedFile,
    ),
    "erasure": (lambda api, _: api.erase(ErasureAsk(customer_email="kim@example.com", reason="asked")), ErasureAnswer),
    "consent lookup": (lambda api, _: api.find_consent(phone="+12025550123"), ConsentRecord),
    "consent": (lambda api, _: api.consent(OBJECT_ID), ConsentRecord),
    "consent written": (lambda api, _: api.write_consent(OBJECT_ID, ConsentAsk(("marketing",))), ConsentRecord),
    "consent created": (
        lambda api, _: api.create_consent(ConsentAsk(("marketing",), customer_email="kim@example.com")), ConsentRecord,
    ),
    "audit log": (
        # Two of each: prism takes a list of one, sent as documented, for a plain value.
        lambda api, _: api.audit_logs(actions=("a", "b"), resource_types=("c", "d"), since=dt.datetime.now(dt.UTC)),
        AuditLogPage,
    ),
}  # fmt: skip
LISTS_OF_UNDOCUMENTED_SHAPE: dict[str, Call] = {
    "cards of a program": lambda api, _: api.cards(program_id=OBJECT_ID, status="active", positive_balance=True),
    "cards": lambda api, _: api.cards(),
    "search in a program": lambda api, _: api.search_cards("kim", program_id=OBJECT_ID),
    "search": lambda api, _: api.search_cards("kim", page=2, limit=10),
}
OUTSIDE_THE_CONTRACT: dict[str, Call] = {
    "card": lambda api, _: api.card(OBJECT_ID, OBJECT_ID, include_transactions=True),
    "transactions": lambda api, _: api.card_transactions(OBJECT_ID, OBJECT_ID),
}


def start(log: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(NODE), str(PRISM), "mock", "--errors", *options, "-h", "127.0.0.1", "-p", str(port), str(CONTRACT)]
    with log.open("wb") as file:
        # `node` is a Python script that starts the real one: a session of their own, to be ended together.
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    return process, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def mocks(tmp_path_factory: pytest.TempPathFactory, wait_for: Callable[..., None]) -> Iterator[dict[str, str]]:
    """The base addresses of the two mocks, by name."""
    folder = tmp_path_factory.mktemp("prism")
    started = {
        "fixed": start(folder / "fixed.log"),
        "random": start(folder / "random.log", "--dynamic", "--seed", "7"),
    }
    try:
        for name in started:
            log = folder / f"{name}.log"
            wait_for(lambda log=log: "Prism is listening" in log.read_text(), f"prism, {name}")
        yield {name: base for name, (_, base) in started.items()}
    finally:
        for process, _ in started.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def api_at(base: str) -> LoyaltyDog:
    return LoyaltyDog(Connection(base, "token", allow_loopback_http=True), sleep=lambda seconds: None)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_sent_as_documented_and_its_answer_read(mocks: dict[str, str], name: str) -> None:
    call, kind = OPERATIONS[name]
    assert isinstance(call(api_at(mocks["fixed"]), mocks["fixed"]), kind)


@pytest.mark.parametrize("name", LISTS_OF_UNDOCUMENTED_SHAPE)
def test_answer_without_a_list_is_not_taken_for_no_cards(mocks: dict[str, str], name: str) -> None:
    with pytest.raises(UnreadableAnswer, match="no list of GiftCard") as caught:
        LISTS_OF_UNDOCUMENTED_SHAPE[name](api_at(mocks["fixed"]), "")
    assert caught.value.status == 200


@pytest.mark.parametrize("name", OUTSIDE_THE_CONTRACT)
def test_operation_the_contract_leaves_out_is_not_found(mocks: dict[str, str], name: str) -> None:
    with pytest.raises(NotFound):
        OUTSIDE_THE_CONTRACT[name](api_at(mocks["fixed"]), "")


def test_request_that_breaks_the_contract_would_be_turned_away(mocks: dict[str, str]) -> None:
    wrong: Any = "ACTIVE"
    with pytest.raises(Rejected) as caught:
        api_at(mocks["fixed"]).cards(program_id=OBJECT_ID, status=wrong)
    assert caught.value.status == 422 and caught.value.fields


@pytest.mark.parametrize("name", [*OPERATIONS, *LISTS_OF_UNDOCUMENTED_SHAPE])
def test_random_values_of_the_documented_types_are_read_or_refused_in_words(mocks: dict[str, str], name: str) -> None:
    call, kind = OPERATIONS.get(name) or (LISTS_OF_UNDOCUMENTED_SHAPE[name], object)
    for _ in range(8):
        try:
            assert isinstance(call(api_at(mocks["random"]), mocks["random"]), kind)
        except LoyaltyDogError as error:
            assert error.code in ("unreadable_answer", "wrong_media_type", "empty_file"), error


def test_every_operation_of_the_contract_is_called(mocks: dict[str, str], serve: Callable[..., Any]) -> None:
    contract = yaml.safe_load(CONTRACT.read_text())["paths"]
    wanted = {(method.upper(), path) for path, item in contract.items() for method in item if method in ("get", "post")}
    seen: set[tuple[str, str]] = set()
    for call in [call for call, _ in OPERATIONS.values()] + list(LISTS_OF_UNDOCUMENTED_SHAPE.values()):
        server = serve(b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(LoyaltyDogError):
            call(api_at(server.base_url), server.base_url)
        method, target = server.requests[0].split(b" ")[:2]
        seen.add((method.decode(), target.decode().partition("?")[0]))
    for method, path in wanted:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        assert any(method == m and re.fullmatch(pattern, p) for m, p in seen), f"{method} {path}"
