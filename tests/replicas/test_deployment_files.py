"""The files of `deploy/`: they parse, they name only what exists, and nginx takes its template."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.commands.serving import GRACE_SECONDS
from portal.config import FILE_FIELDS, Settings
from portal.web.gate.access import HEALTH_PATHS
from portal.web.operations.doctor import run_checks
from portal.web.operations.doctor_paths import first_steps
from tests.browser.conftest import ROOT, free_port
from tests.replicas.conftest import TEMPLATE, Nginx

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(DEPLOY.rglob("*.yaml"))
KUBERNETES = [path for path in MANIFESTS if path.parent.name == "kubernetes"]
COMPOSE = DEPLOY / "compose" / "compose.yaml"
EXPORTS_MAY_FINISH = 15  # seconds, `DurableEngine.stop`
KNOWN = {f"PORTAL_{name.upper()}" for name in Settings.model_fields} | {f"PORTAL_{n.upper()}_FILE" for n in FILE_FIELDS}


def documents(path: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod of the manifests with its name."""
    for path in KUBERNETES:
        for found in documents(path):
            if found["kind"] in ("Deployment", "StatefulSet", "Job"):
                yield found["metadata"]["name"], found["spec"]["template"]["spec"]


def shared_settings() -> dict[str, dict[str, str]]:
    compose = yaml.safe_load(COMPOSE.read_text())
    config_map = next(d for d in documents(DEPLOY / "kubernetes" / "settings.yaml") if d["kind"] == "ConfigMap")
    return {"compose": compose["services"]["web-1"]["environment"], "kubernetes": config_map["data"]}


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: str(p.relative_to(DEPLOY)))
def test_a_manifest_parses_and_names_only_settings_that_exist(path: Path) -> None:
    assert documents(path)
    named = set(re.findall(r"\bPORTAL_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named <= KNOWN


@pytest.mark.keeps("ASVS-13.4.1")
def test_the_image_names_only_settings_and_folders_that_exist() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"\bPORTAL_[A-Z_]+", text)) <= KNOWN
    copied = re.findall(r"^COPY (\S+) \S+$", text, re.M)
    assert {"portal", "pages", ".streamlit", "requirements.txt"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert "--require-hashes" in text and "http" not in text


@pytest.mark.parametrize("kind", ["compose", "kubernetes"])
def test_the_manifests_settings_are_valid_and_the_doctor_finds_nothing_wrong_with_them(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_settings()[kind].items():
        if name.startswith("PORTAL_") and not name.endswith("_FILE"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PORTAL_HOST", "0.0.0.0")  # as the image has it
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    settings = Settings(data_dir=tmp_path / "data", keyset_path=keys / "master.keyset.json")
    assert settings.blob_url.startswith("s3://") and settings.checkpoint_dir.startswith("s3://")
    assert settings.blob_url != settings.checkpoint_dir
    todo = {check.name for check in first_steps(settings)}  # a new installation has nobody in it yet
    assert [c for c in run_checks(settings) if (not c.ok or c.warns) and c.name not in todo] == []


@pytest.mark.keeps("ASVS-13.3.1")
def test_no_manifest_gives_a_secret_as_a_variable() -> None:
    for path in MANIFESTS:
        for name in re.findall(r"\b(?:PORTAL|POSTGRES)_[A-Z_]+", path.read_text(encoding="utf-8")):
            field = name.removeprefix("PORTAL_").lower()
            assert field not in FILE_FIELDS and name != "POSTGRES_PASSWORD", f"{path.name}: {name}"


def test_compose_names_nginx_as_the_only_trusted_proxy_and_both_replicas_behind_it() -> None:
    compose = yaml.safe_load(COMPOSE.read_text())
    services = compose["services"]
    where = {
        name: s["networks"]["portal"]["ipv4_address"]
        for name, s in services.items()
        if "nginx" in name or "web" in name
    }
    assert shared_settings()["compose"]["PORTAL_TRUSTED_PROXIES"] == where["nginx"]
    replicas = services["nginx"]["environment"]["NGINX_REPLICAS"]
    assert re.findall(r"server (\S+):8501 ", replicas) == [where["web-1"], where["web-2"]]
    assert [name for name, s in services.items() if s.get("ports")] == ["nginx"]
    used = {name for s in services.values() for name in s.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_every_process_is_given_time_to_end_in_order() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in ("web-1", "web-2", "worker-1", "worker-2"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > GRACE_SECONDS + EXPORTS_MAY_FINISH + 5
    graces = {name: pod["terminationGracePeriodSeconds"] for name, pod in pods() if not name.endswith("upgrade")}
    before = 5  # preStop
    assert graces["privacy-portal-web"] > before + GRACE_SECONDS + EXPORTS_MAY_FINISH + 5
    assert graces["privacy-portal-worker"] > EXPORTS_MAY_FINISH + 5


def test_probes_ask_for_addresses_that_are_open_to_machines() -> None:
    (web,) = [pod["containers"][0] for name, pod in pods() if name == "privacy-portal-web"]
    asked = {probe: web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert set(asked.values()) <= HEALTH_PATHS
    assert asked["readinessProbe"] == "/readyz" and asked["livenessProbe"] == "/healthz"


@pytest.mark.keeps("ASVS-13.2.2")
def test_no_pod_runs_as_root_or_may_become_it() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, name
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name


def test_what_a_container_mounts_is_a_volume_of_its_pod() -> None:
    for name, pod in pods():
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, name


def test_every_blank_of_nginxs_template_is_filled_by_both_manifests() -> None:
    blanks = set(re.findall(r"\$\{(NGINX_[A-Z_]+)\}", TEMPLATE.read_text()))
    compose = yaml.safe_load(COMPOSE.read_text())["services"]["nginx"]["environment"]
    (pod,) = [pod for name, pod in pods() if name == "privacy-portal-nginx"]
    assert blanks == set(compose) == {given["name"] for given in pod["containers"][0]["env"]}


def test_nginx_accepts_the_template(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, free_port(), [free_port(), free_port()])
    nginx.write()
    asked = subprocess.run([*nginx.command, "-t"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "[warn]" not in asked.stderr
