"""A setting that cannot work is refused with the variable's name, the fault and the right form, and never repeated."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal.config import Settings, WrongSettings, load_settings
from portal.setting_forms import faults, way_out
from portal.web.operations.doctor import run_checks
from portal.web.operations.doctor_paths import folder_trouble, unknown_variables

pytestmark = pytest.mark.keeps("SEC-46", "SEC-47")

ROOT = Path(__file__).resolve().parents[3]
WRONG = [
    ({"PORTAL_API_URL": "http://api.loyalty.dog"}, "PORTAL_API_URL", "https://api.loyalty.dog"),
    ({"PORTAL_API_URL": "api.loyalty.dog"}, "PORTAL_API_URL", "https://api.loyalty.dog"),
    ({"PORTAL_API_URL": "https://api.loyalty.dog/v3"}, "PORTAL_API_URL", "https://api.loyalty.dog"),
    ({"PORTAL_API_URL": "https://u:p@api.loyalty.dog"}, "PORTAL_API_URL", "https://api.loyalty.dog"),
    ({"PORTAL_API_URL": "http://127.0.0.1:8650"}, "PORTAL_API_URL", "PORTAL_ALLOW_LOOPBACK_HTTP=1"),
    ({"PORTAL_API_URL": "https://localhost:8650"}, "PORTAL_API_URL", "PORTAL_ALLOW_LOOPBACK_HTTP=1"),
    ({"PORTAL_API_URL": "https://10.0.0.7"}, "PORTAL_API_URL", "https://api.loyalty.dog"),
    ({"PORTAL_DOWNLOAD_HOSTS": "https://files.example.com/x"}, "PORTAL_DOWNLOAD_HOSTS", "files.example.com"),
    ({"PORTAL_DOWNLOAD_HOSTS": "ok.example.com,files.example.com/x"}, "PORTAL_DOWNLOAD_HOSTS", "files.example.com"),
    ({"PORTAL_DOWNLOAD_HOSTS": "*.example.com"}, "PORTAL_DOWNLOAD_HOSTS", "files.example.com"),
    ({"PORTAL_DOWNLOAD_HOSTS": "127.0.0.1:8651"}, "PORTAL_DOWNLOAD_HOSTS", "PORTAL_ALLOW_LOOPBACK_HTTP=1"),
    ({"PORTAL_API_TOKEN": "Bearer abcdefgh"}, "PORTAL_API_TOKEN", "alone"),
    ({"PORTAL_API_TOKEN": '"abcdefgh"'}, "PORTAL_API_TOKEN", "without"),
    ({"PORTAL_API_TOKEN": "abcd efgh"}, "PORTAL_API_TOKEN", "LoyaltyDog gave it"),
    ({"PORTAL_CUSTOMER_TOKEN": "abcdé"}, "PORTAL_CUSTOMER_TOKEN", "LoyaltyDog gave it"),
    ({"PORTAL_API_TOKEN": ""}, "PORTAL_API_TOKEN", "Give the real one"),
    ({"PORTAL_METRICS_PORT": "8501"}, "PORTAL_METRICS_PORT", "another port"),
    ({"PORTAL_HTTPS_PROXY": "https://proxy.example:3128"}, "PORTAL_HTTPS_PROXY", "http://host:port"),
    ({"PORTAL_DATABASE_URL": "privacy"}, "PORTAL_DATABASE_URL", "postgresql://"),
    ({"PORTAL_DATABASE_URL": "mysql://u:hush@db/privacy"}, "PORTAL_DATABASE_URL", "postgresql://"),
    ({"PORTAL_BLOB_URL": "/var/files"}, "PORTAL_BLOB_URL", "s3://"),
    ({"PORTAL_BLOB_URL": "gopher://files"}, "PORTAL_BLOB_URL", "s3://"),
    ({"PORTAL_CHECKPOINT_DIR": "gopher://files"}, "PORTAL_CHECKPOINT_DIR", "s3://"),
    ({"PORTAL_VENDOR_MFA_CODE_FIELD": ""}, "PORTAL_VENDOR_MFA_CODE_FIELD", "unset"),
    ({"PORTAL_VENDOR_MFA_CODE_FIELD": "pendingToken"}, "PORTAL_VENDOR_MFA_CODE_FIELD", "two names"),
    ({"PORTAL_OIDC_ISSUER": "https://login.example.com"}, "PORTAL_OIDC_CLIENT_ID", "both"),
    ({"PORTAL_OIDC_CLIENT_ID": "portal"}, "PORTAL_OIDC_ISSUER", "both"),
    (
        {
            "PORTAL_OIDC_ISSUER": "https://login.example.com",
            "PORTAL_OIDC_CLIENT_ID": "x",
            "PORTAL_OIDC_SCOPES": "email",
        },
        "PORTAL_OIDC_SCOPES",
        "openid email",
    ),
    ({"PORTAL_MAIL_FROM": "privacy@shop.example"}, "PORTAL_MAIL_FROM", "both"),
    ({"PORTAL_MAIL_HOST": "smtp://mail.example.com"}, "PORTAL_MAIL_HOST", "smtp.example.com"),
    (
        {"PORTAL_MAIL_HOST": "127.0.0.1", "PORTAL_MAIL_FROM": "p@shop.example", "PORTAL_MAIL_SECURITY": "plain"},
        "PORTAL_MAIL_SECURITY",
        "starttls",
    ),
    (
        {"PORTAL_MAIL_HOST": "127.0.0.1", "PORTAL_MAIL_FROM": "Shop <p@shop.example>"},
        "PORTAL_MAIL_FROM",
        "privacy@shop.example",
    ),
    (
        {"PORTAL_MAIL_HOST": "127.0.0.1", "PORTAL_MAIL_FROM": "p@shop.example", "PORTAL_MAIL_USER": "portal"},
        "PORTAL_MAIL_PASSWORD",
        "both",
    ),
    ({"PORTAL_PUBLIC_URL": "https://[bad"}, "address", "PORTAL_PUBLIC_URL"),
    ({"PORTAL_PUBLIC_URL": "https://shop.example:port"}, "address", "PORTAL_PUBLIC_URL"),
    ({"SSL_CERT_FILE": "/nowhere/authorities.pem"}, "SSL_CERT_FILE", "PEM"),
    ({"SSL_CERT_DIR": "/nowhere"}, "SSL_CERT_DIR", "PEM"),
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("PORTAL_", "SSL_CERT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORTAL_KEYSET_PATH", str(tmp_path / "apart" / "master.keyset.json"))


@pytest.mark.parametrize(("environment", "named", "form"), WRONG, ids=lambda value: str(value)[:60])
def test_a_malformed_value_is_refused_with_its_right_form(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str, form: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    failed = [check for check in run_checks(load_settings()) if not check.ok]
    told = " ".join(f"{check.name}: {check.sentence} {check.fix}" for check in failed)
    assert named in {c.name for c in failed} or f"{named} is" in told, told
    assert form in told and "LoyaltyDog did not" not in told
    assert not any(len(value) > 12 and value in told and value not in form for value in environment.values())


def test_settings_as_they_should_be_have_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {
        "API_URL": "https://api.loyalty.dog/v2",
        "API_TOKEN": "ld_live_0123456789abcdef",
        "DOWNLOAD_HOSTS": "files.example.com, Files.Example.org:8443",
        "HTTPS_PROXY": "http://shop:hush@10.0.0.9:3128",
        "DATABASE_URL": "postgresql://portal:hush@db/privacy",
        "BLOB_URL": "s3://sealed/files",
        "METRICS_PORT": "9100",
        "OIDC_ISSUER": "https://login.example.com",
        "OIDC_CLIENT_ID": "portal",
    }
    for name, value in good.items():
        monkeypatch.setenv(f"PORTAL_{name}", value)
    assert faults(load_settings()) == []
    proxy = way_out(load_settings())
    assert proxy is not None and (proxy.host, proxy.port) == ("10.0.0.9", 3128)


def test_loopback_with_its_switch_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ALLOW_LOOPBACK_HTTP", "1")
    monkeypatch.setenv("PORTAL_API_URL", "http://127.0.0.1:8650")
    monkeypatch.setenv("PORTAL_DOWNLOAD_HOSTS", "127.0.0.1:8651")
    assert faults(load_settings()) == []


def test_a_test_key_is_accepted_with_a_warning_about_real_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_API_TOKEN", "ld_test_0123456789abcdef")
    (found,) = [check for check in run_checks(load_settings()) if check.name == "PORTAL_API_TOKEN"]
    assert found.ok and found.warns and "real customers' data" in found.fix
    assert "0123456789abcdef" not in repr(found)


@pytest.mark.parametrize("case", ["both", "empty", "missing", "folder"])
@pytest.mark.parametrize("name", ["API_TOKEN", "DATABASE_URL", "HTTPS_PROXY"])
def test_a_secrets_file_that_cannot_give_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, case: str
) -> None:
    file = tmp_path / "secret"
    if case == "folder":
        file.mkdir()
    elif case != "missing":
        file.write_text("\n" if case == "empty" else "hush-hush")
    if case == "both":
        monkeypatch.setenv(f"PORTAL_{name}", "hush-hush")
    monkeypatch.setenv(f"PORTAL_{name}_FILE", str(file))
    with pytest.raises(WrongSettings) as caught:
        load_settings()
    assert f"PORTAL_{name}_FILE: " in caught.value.message and "hush" not in caught.value.message
    assert {"both": "unset the other", "empty": "Write", "missing": "whole path", "folder": "folder"}[case] in (
        caught.value.message
    )


def test_a_misspelt_variable_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DOWNLOAD_HOST", "files.example.com")
    assert [check.name for check in unknown_variables(load_settings())] == ["PORTAL_DOWNLOAD_HOST"]


# What somebody new is told


def told(settings: Settings) -> str:
    return "\n".join(f"{c.name}: {c.sentence} {c.fix}" for c in run_checks(settings) if not c.ok or c.warns)


def test_somebody_new_hears_what_is_missing_and_nothing_of_putting_back() -> None:
    text = told(load_settings())
    assert "accounts add" in text and "PORTAL_API_URL" in text
    assert "back" not in text and "move" not in text.lower()


def test_doctor_tells_a_misplaced_keyset_from_practice_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    (data / "portal.sqlite3").touch(0o600)
    assert "Put it back" in told(load_settings())
    (data / "keys" / "master.keyset.json").touch(0o600)
    text = told(load_settings())
    assert f"Move all files of {data / 'keys'}" in text and "back" not in text
    (data / "practice-password").touch(0o600)
    text = told(load_settings())
    assert "PORTAL_DATA_DIR" in text and "practice" in text and "back" not in text


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for name in ("PORTAL_DATA_DIR", "PORTAL_CHECKPOINT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "file" / "deeper"))
    bad = {check.name for check in run_checks(load_settings()) if not check.ok}
    assert {"PORTAL_DATA_DIR", "PORTAL_CHECKPOINT_DIR"} <= bad
    assert folder_trouble(tmp_path / "new" / "deeper") == ""


# Commands: words and a status, no traceback


def without_roots_rights() -> None:
    """Runs as root like any other user: no way past a file's mode or owner, no low ports (prctl, capabilities(7))."""
    for capability in (1, 2, 3, 10):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


def command(*arguments: str, plain_user: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        cwd=ROOT,
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        preexec_fn=without_roots_rights if plain_user else None,
    )


@pytest.mark.parametrize("name", ["doctor", "serve"])
def test_doctor_and_serve_refuse_in_words(name: str) -> None:
    done = command(name, PORTAL_API_URL="http://api.loyalty.dog", PORTAL_DOWNLOAD_HOSTS="https://x.example/")
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in said
    assert "NOT PORTAL_API_URL: " in said and "NOT PORTAL_DOWNLOAD_HOSTS: " in said


@pytest.mark.parametrize("name", ["doctor", "serve", "worker"])
def test_two_sources_of_one_token_are_refused_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush-hush")
    done = command(name, PORTAL_API_TOKEN="hush-hush", PORTAL_API_TOKEN_FILE=str(tmp_path / "token"))
    assert done.returncode == 1 and "PORTAL_API_TOKEN_FILE" in done.stderr
    assert "Traceback" not in done.stderr and "hush" not in done.stderr


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_a_taken_port_is_told_in_words(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(name, PORTAL_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1 and "is taken by another program" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["many", "70000", "-1"])
def test_a_practice_port_that_is_none_is_told_in_words(port: str) -> None:
    for name in ("demo", "practice"):
        done = command(name, PRACTICE_PORT=port)
        assert done.returncode in (1, 2) and "PRACTICE_PORT" in done.stderr and "Traceback" not in done.stderr, done


def test_equal_ports_are_told_in_words(free_port: int) -> None:
    done = command("demo", PORTAL_PORT=str(free_port), PRACTICE_PORT=str(free_port - 1))
    assert done.returncode == 1 and "PRACTICE_PORT" in done.stderr and "PORTAL_PORT" in done.stderr


def test_an_address_of_another_machine_is_told_in_words() -> None:
    done = command("serve", PORTAL_HOST="192.0.2.7", PORTAL_PUBLIC_URL="https://privacy.shop.example")
    assert done.returncode == 1 and "PORTAL_HOST" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
@pytest.mark.parametrize("name", ["doctor", "serve", "demo", "accounts list", "history"])
def test_a_folder_of_another_user_is_told_in_words(name: str, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    os.chown(locked, 65534, 65534)
    done = command(*name.split(), plain_user=True, PORTAL_DATA_DIR=str(locked / "data"))
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in said and str(locked) in said, said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_port_below_1024_is_told_in_words(tmp_path: Path) -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("this machine gives low ports to everybody")
    done = command("demo", plain_user=True, PORTAL_PORT="80", PORTAL_DATA_DIR=str(tmp_path / "new"))
    assert done.returncode == 1 and "below 1024" in done.stderr and "Traceback" not in done.stderr, done.stderr
