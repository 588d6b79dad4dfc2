from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Literal

import pytest

from portal.config import Settings
from portal.web.operations.doctor import run_checks
from portal.web.streamlit import options

pytestmark = pytest.mark.keeps("SEC-46", "SEC-47")

ROOT = Path(__file__).resolve().parents[3]
API = "https://api.loyalty.dog"
PUBLIC = "https://privacy.shop.example"


@pytest.fixture(autouse=True)
def keyset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kept outside the data folder, as production wants it."""
    path = tmp_path / "kept apart" / "master.keyset.json"
    monkeypatch.setenv("PORTAL_KEYSET_PATH", str(path))
    return path


def bad(settings: Settings) -> set[str]:
    return {check.name for check in run_checks(settings) if not check.ok}


def test_a_fresh_loopback_portal_is_in_order(tmp_path: Path) -> None:
    assert bad(Settings(data_dir=tmp_path / "new")) == set()


def test_the_practice_mode_needs_nothing(tmp_path: Path) -> None:
    assert bad(Settings(data_dir=tmp_path, mode="practice", host="0.0.0.0", trusted_proxies="0.0.0.0/0")) == set()


@pytest.mark.parametrize(
    "url",
    ["http://privacy.shop.example", "privacy.shop.example", "https://privacy.shop.example/portal", "ftp://x.example"],
)
def test_an_unsafe_public_address_is_named(tmp_path: Path, url: str) -> None:
    assert bad(Settings(data_dir=tmp_path / "new", public_url=url)) == {"address"}


def test_listening_to_the_world_needs_an_https_address(tmp_path: Path) -> None:
    assert bad(Settings(data_dir=tmp_path / "new", host="0.0.0.0")) == {"address"}
    assert bad(Settings(data_dir=tmp_path / "new", host="0.0.0.0", public_url=PUBLIC)) == set()


@pytest.mark.keeps("SEC-10")
@pytest.mark.parametrize("mode", ["practice", "production"])
@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("url", ["", "https://127.0.0.1:8443", "https://localhost", PUBLIC])
def test_plain_http_is_refused_with_a_public_address(
    tmp_path: Path, mode: Literal["practice", "production"], allowed: bool, url: str
) -> None:
    settings = Settings(data_dir=tmp_path / "new", mode=mode, public_url=url, allow_loopback_http=allowed)
    refused = mode == "production" and allowed and url == PUBLIC
    assert bad(settings) == ({"plain http"} if refused else set())


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "::/0", "10.0.0.1, nonsense", "*"])
def test_trusting_everybody_as_a_proxy_is_named(tmp_path: Path, proxies: str) -> None:
    assert bad(Settings(data_dir=tmp_path / "new", trusted_proxies=proxies)) == {"proxies"}


def test_single_sign_on_needs_https_and_real_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", "http://login.shop.example")
    monkeypatch.setenv("PORTAL_OIDC_CLIENT_ID", "privacy-portal")
    monkeypatch.setenv("PORTAL_OIDC_CLIENT_SECRET", "changeme")
    assert bad(Settings(data_dir=tmp_path / "new")) == {"single sign-on", "oidc client secret"}
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", "https://login.shop.example")
    monkeypatch.setenv("PORTAL_OIDC_CLIENT_SECRET", "a-long-and-real-looking-one")
    assert bad(Settings(data_dir=tmp_path / "new")) == set()


@pytest.mark.parametrize("name", ["api_token", "merchant_token", "customer_token"])
def test_a_token_of_the_environment_needs_the_environments_address(tmp_path: Path, name: str) -> None:
    given = {"data_dir": tmp_path / "new", name: "a-real-looking-token"}
    without = {c.name: c for c in run_checks(Settings(**given)) if not c.ok}
    assert set(without) == {"tokens' address"}
    assert f"PORTAL_{name.upper()} goes nowhere" in without["tokens' address"].sentence
    told = {c.name: c for c in run_checks(Settings(**given, api_url=API))}["tokens' address"]
    assert told.ok and "goes to api.loyalty.dog alone" in told.sentence


@pytest.mark.parametrize("token", ["changeme", "  ", "TOKEN"])
def test_a_placeholder_secret_is_named_but_never_shown(tmp_path: Path, token: str) -> None:
    checks = run_checks(Settings(data_dir=tmp_path / "new", api_token=token, api_url=API))
    assert {c.name for c in checks if not c.ok} == {"api_token"}
    assert "changeme" not in repr(checks)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_secret_file_others_can_read_is_named(tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text("a-real-looking-token")
    monkeypatch.setenv("PORTAL_API_TOKEN_FILE", str(secret))
    settings = Settings(data_dir=tmp_path / "new", api_url=API)
    secret.chmod(0o600)
    assert bad(settings) == set()
    secret.chmod(mode)
    assert bad(settings) == {"file of api_token"}


def test_streamlits_secrets_file_must_be_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "secrets.toml").write_text("")
    (folder / "secrets.toml").chmod(0o644)
    monkeypatch.chdir(tmp_path)
    assert bad(Settings(data_dir=tmp_path / "new")) == {f"secrets.toml in {tmp_path.name}"}


def test_an_open_keyset_or_data_folder_is_named(tmp_path: Path, keyset: Path) -> None:
    keyset.parent.mkdir(mode=0o700)
    keyset.write_text("{}")
    keyset.chmod(0o644)
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    assert bad(Settings(data_dir=data)) == {"keyset", "data folder"}
    keyset.chmod(0o600)
    data.chmod(0o700)
    assert bad(Settings(data_dir=data)) == set()


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_keyset_in_the_data_folder_is_refused_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through_a_link: bool
) -> None:
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    if through_a_link:
        (tmp_path / "apart").symlink_to(data / "keys")
        monkeypatch.setenv("PORTAL_KEYSET_PATH", str(tmp_path / "apart" / "master.keyset.json"))
    else:
        monkeypatch.delenv("PORTAL_KEYSET_PATH")
    (found,) = [check for check in run_checks(Settings(data_dir=data)) if not check.ok]
    assert found.name == "keyset's place"
    assert "PORTAL_KEYSET_PATH" in found.fix and str(data) in found.fix
    assert bad(Settings(data_dir=data, mode="practice")) == set()


def test_a_lost_keyset_is_not_made_anew_beside_its_data(tmp_path: Path, keyset: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "portal.sqlite3").touch(mode=0o600)
    assert bad(Settings(data_dir=data)) == {"keyset"}
    assert not keyset.exists()


def test_a_keyset_others_could_replace_is_named(tmp_path: Path, keyset: Path) -> None:
    keyset.parent.mkdir()
    keyset.parent.chmod(0o770)
    assert bad(Settings(data_dir=tmp_path / "new")) == {"keyset's folder"}


UNSAFE = """
[client]
showErrorDetails = "full"
toolbarMode = "developer"
disableDataExport = false
showErrorLinks = true
[browser]
gatherUsageStats = true
[runner]
magicEnabled = true
[server]
enableStaticServing = true
enableXsrfProtection = false
enableCORS = false
fileWatcherType = "poll"
enableAgentApi = true
scriptHealthCheckEnabled = true
maxUploadSize = 200
cookieSecret = "short"
baseUrlPath = "portal"
unsafeMetricsUserAttributes = ["email"]
[server.trustedUserHeaders]
X-User = "account_id"
"""


def doctor(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The checks in a process of their own, for Streamlit reads its options once."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_"))}
    program = (
        "import sys; from portal.config import load_settings; from portal.web.operations.doctor import run_checks\n"
        "bad = [c for c in run_checks(load_settings()) if not c.ok]\n"
        "print(*(f'{c.name}|{c.fix}' for c in bad), sep='\\n'); sys.exit(bool(bad))"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env=kept
        | {"PORTAL_KEYSET_PATH": str(tmp_path / "kept apart" / "master.keyset.json")}
        | {"PORTAL_DATA_DIR": str(tmp_path / "new"), "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_unsafe_streamlit_option_is_named_with_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged with the project's own config file out of the way, for it would override the unsafe one."""
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "config.toml").write_text(UNSAFE)
    blind = tmp_path / "sitecustomize.py"
    blind.write_text("from portal.web.streamlit import options\noptions.load_project_config = lambda: None\n")
    result = doctor(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    found = dict(line.split("|", 1) for line in result.stdout.splitlines())
    assert result.returncode == 1, result.stderr
    expected = {f"{s}.{k}" for s, keys in tomllib.loads(UNSAFE).items() for k in keys}
    assert set(found) == expected
    assert all(found.values())


def test_the_projects_own_options_win_over_a_strangers_config_file(tmp_path: Path) -> None:
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "config.toml").write_text("[client]\nshowErrorDetails = 'full'\n[server]\nenableAgentApi = true\n")
    result = doctor(tmp_path)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


def test_from_another_folder_the_safe_options_hold_without_a_config_file(tmp_path: Path) -> None:
    result = doctor(tmp_path)
    assert (result.returncode, result.stdout.strip()) == (0, "")


def test_config_toml_says_what_the_doctor_wants() -> None:
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert "trustedUserHeaders" not in written["server"]
    for key, wanted in options.SAFE_OPTIONS.items():
        section, name = key.split(".")
        if name in written.get(section, {}):
            assert written[section][name] == wanted
    assert written["browser"]["gatherUsageStats"] is False
