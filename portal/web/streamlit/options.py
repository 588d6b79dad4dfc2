"""Streamlit's options as the portal needs them, under any server.

Upstream (Streamlit 1.67): config.toml is looked for in the working folder only, and read as soon as
streamlit-authenticator is imported. `config._main_script_path` and `config._server_mode` say how Streamlit was started.
Contract test: `tests/web/operations/test_doctor_checks.py`. Missing: safety, `PartMissing` stops the start.
"""

from __future__ import annotations

from pathlib import Path

from streamlit import config

from portal.config import PROJECT_ROOT
from portal.web.streamlit.private_parts import private_part

SAFE_OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 1,
    "server.baseUrlPath": "",  # the gate compares whole paths
    "server.unsafeMetricsUserAttributes": [],
    "global.developmentMode": False,
}
FOR_SPEED = frozenset({"runner.postScriptGC"})
UNSET = "<default>"  # Streamlit's origin of an unset option


def load_project_config() -> None:
    """Let Streamlit find `.streamlit/config.toml` of this project from any working folder.

    Parses again, before any option is set, because importing streamlit-authenticator has parsed already. Under
    `streamlit run` the script's own folder and the command line were parsed, and this does nothing. Raises PartMissing.
    """
    for name in ("_main_script_path", "_server_mode"):
        private_part("streamlit.config", name)
    if config._main_script_path is None:
        config._main_script_path = str(PROJECT_ROOT / "streamlit-anchor")
        config.get_config_options(force_reparse=True)


def is_main_script(script: str) -> bool:
    """Was this script itself given to `streamlit run`, without the application that has the gate?"""
    given = config._main_script_path
    return given is not None and Path(given).resolve() == Path(script).resolve()


def option(key: str) -> tuple[object, bool]:
    """An option's value in force, and whether anyone but the portal set it."""
    return config.get_option(key), config.get_where_defined(key) not in {UNSET, "portal"}


def apply_safe_defaults() -> None:
    """Set the safe value of each option that is unset, e.g. when config.toml was not found from this folder.

    Options that are set stay as they are; `doctor` judges them.
    """
    for key, value in SAFE_OPTIONS.items():
        if config.get_where_defined(key) == UNSET:
            config.set_option(key, value, where_defined="portal")


def streamlit_run_ports() -> tuple[int, ...]:
    """The port `streamlit run` listens on; under any other server the settings know the port."""
    if config._server_mode is None:
        return ()
    return (int(config.get_option("server.port")),)
