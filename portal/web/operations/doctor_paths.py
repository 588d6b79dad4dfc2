"""Doctor's checks of files and folders, of the keyset's location, and of what a new installation still lacks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.config import FILE_FIELDS, OidcSettings, Settings

TOOLS = frozenset(
    {f"PORTAL_{name}" for name in ("CHROMIUM", "ENGINES", "FIREFOX", "NGINX", "WEBKIT_DRIVER")}
)  # variables of the tests
FIRST_MANAGER = 'python -m portal accounts add you@shop.example --merchant "Your shop" --role manager --password-stdin'


@dataclass(frozen=True)
class Check:
    """One finding. `sentence` says what is so, `fix` what to change when it is not ok, or `warns`."""

    name: str
    ok: bool
    sentence: str
    fix: str = ""
    warns: bool = False


def path_checks(settings: Settings) -> Iterator[Check]:
    """Folders that the portal must be able to make or write to, and files it must be able to read."""
    places = {"PORTAL_DATA_DIR": settings.root, "PORTAL_KEYSET_PATH": settings.keyset_file.absolute().parent}
    if "://" not in settings.checkpoints:
        places["PORTAL_CHECKPOINT_DIR"] = Path(settings.checkpoints).absolute()
    for name, folder in places.items():
        trouble = folder_trouble(folder, owned=name == "PORTAL_DATA_DIR")
        if trouble:
            yield Check(
                name, False, trouble, "Name a folder the portal's user may write to, or give it this one: chown."
            )
    for name, file in {"PORTAL_KEYSET_PATH": settings.keyset_file, **_secret_files()}.items():
        trouble = file_trouble(file)
        if trouble:
            yield Check(
                name, False, trouble, "Name the file itself, and make it the portal's own: chown it, chmod 600."
            )


def folder_trouble(folder: Path, *, owned: bool = False) -> str:
    """Why this folder can be neither made nor used; empty when it can."""
    place = folder
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            return f"{place} is no folder."
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            return f"The user the portal runs as may not write to {place}, or it is read-only."
        if owned and place == folder and os.geteuid() not in (0, place.stat().st_uid):
            return f"{place} belongs to another user than the portal runs as."
    except OSError as error:
        return f"{folder} cannot be used ({error.strerror})."
    return ""


def file_trouble(file: Path) -> str:
    """Why a file that is there cannot be read; empty when it can, or is not there."""
    try:
        if file.is_dir():
            return f"{file} is a folder."
        if file.exists() and not os.access(file, os.R_OK):
            return f"The user the portal runs as may not read {file}."
    except OSError as error:
        return f"{file} cannot be read ({error.strerror})."
    return ""


def _secret_files() -> dict[str, Path]:
    names = (f"PORTAL_{field.upper()}_FILE" for field in FILE_FIELDS)
    return {name: Path(given) for name in names if (given := os.environ.get(name))}


def keyset_checks(settings: Settings) -> Iterator[Check]:
    """The keyset lies outside the data folder: a copy of the folder must not include the key to it (SEC-27)."""
    path = settings.keyset_file
    if file_trouble(path) or folder_trouble(path.absolute().parent):
        return  # reported by `path_checks`
    here = path.exists()
    inside = path.resolve().is_relative_to(settings.root)
    then = "move the keyset's whole folder there" if here else "in a folder that only the portal can write to"
    yield Check(
        "keyset's place",
        not inside,
        f"The master keyset is kept {'in' if inside else 'outside'} the data folder.",
        f"Set PORTAL_KEYSET_PATH to a file outside {settings.root}, such as /etc/privacy-portal/master.keyset.json; "
        f"{then}.",
    )
    if not here:
        yield _absent(settings, path)
    folder = path.resolve().parent
    if folder.is_dir():
        mode = stat.S_IMODE(folder.stat().st_mode)
        yield Check(
            "keyset's folder",
            not mode & 0o022,
            f"The keyset's folder has mode {mode:o}.",
            "Others can put another file in the keyset's place: chmod go-w its folder.",
        )


def _absent(settings: Settings, path: Path) -> Check:
    """The keyset file is absent: not made yet, still in its former folder, or lost."""
    former = settings.root / "keys" / "master.keyset.json"
    if not is_file(settings.root / "portal.sqlite3"):
        return Check(
            "keyset", True, f"There is no master keyset yet: the first command that needs one makes it, {path}."
        )
    if is_file(settings.root / "practice-password"):
        return Check(
            "keyset",
            False,
            f"{settings.root} holds the practice merchant of `make run`, and its keyset is not this one.",
            "Set PORTAL_DATA_DIR to a folder of its own for real merchants, such as /var/lib/privacy-portal.",
        )
    if former != path and is_file(former):
        return Check(
            "keyset",
            False,
            f"What is in {settings.root} was sealed with the keyset in {former.parent}, and that is still there.",
            f"Move all files of {former.parent} to {path.parent}, or unset PORTAL_KEYSET_PATH.",
        )
    return Check(
        "keyset",
        False,
        "The master keyset is missing, and without it nothing that is here can be opened.",
        f"Put it back at {path}, mode 600, or correct PORTAL_KEYSET_PATH.",
    )


def first_steps(settings: Settings) -> Iterator[Check]:
    """Next steps for a new installation; none of them stops the portal from serving."""
    if not settings.database_url and not is_file(settings.root / "portal.sqlite3"):
        yield Check(
            "first manager", True, "There is no merchant yet, so nobody can sign in.", f"Make one: {FIRST_MANAGER}",
            warns=True,
        )  # fmt: skip
    if not settings.api_url:
        yield Check(
            "LoyaltyDog", True, "PORTAL_API_URL is not set.",
            "A manager enters the address (https://api.loyalty.dog) and the token in Settings, or set it here.",
            warns=True,
        )  # fmt: skip
    elif settings.api_token is None:
        yield Check(
            "LoyaltyDog", True, "PORTAL_API_TOKEN is not set.",
            "A manager enters the token in Settings, or set PORTAL_API_TOKEN_FILE while there is one merchant.",
            warns=True,
        )  # fmt: skip


def unknown_variables(_settings: Settings, environment: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """A misspelt variable would have no effect, without notice."""
    known = {f"PORTAL_{name.upper()}" for name in Settings.model_fields} | TOOLS
    known |= {f"PORTAL_{name.upper()}_FILE" for name in FILE_FIELDS}
    known |= {f"PORTAL_OIDC_{name.upper()}" for name in OidcSettings.model_fields}
    for name in sorted(name for name in environment if name.startswith("PORTAL_") and name not in known):
        yield Check(
            name, True, "The portal has no such setting.", "Look at its spelling in docs/settings.md.", warns=True
        )


def is_file(path: Path) -> bool:
    """False also without the permission to read the folder."""
    try:
        return path.is_file()
    except OSError:
        return False
