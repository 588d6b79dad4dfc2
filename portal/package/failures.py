"""Why a package is not built. Nothing of it is kept then."""

from __future__ import annotations

from portal.errors import PortalError, StateConflict


class PackageError(PortalError):
    code = "package"
    message = "The package could not be built."
    next_step = "Tell the portal's operator; nothing was written."


class NotTheSameBytes(PackageError):
    """Sent equals seen (LAW-8)."""

    code = "package_not_the_same"
    message = "A file is not the one that was checked, so no package was built."
    next_step = "Open the case's files again. If it stays so, tell the portal's operator."


class DoesNotReconcile(PackageError):
    """Two forms of one file differ (PKG-3)."""

    code = "package_does_not_reconcile"
    message = "The readable copy would not hold every value of the file, so no package was built."
    next_step = "Tell the portal's operator which case it was; the file itself is unharmed."


class NotReadable(PackageError):
    code = "package_not_readable"
    message = "A file cannot be read as what it is said to be, so no package was built."
    next_step = "Look at it in Preview; fetch it again or leave it out as a whole."


class BadName(PackageError):
    code = "package_bad_name"
    message = "A file's name cannot stand in a package."
    next_step = "Tell the portal's operator."


class TooLarge(PackageError):
    code = "package_too_large"
    message = "A file is too large for one package."
    next_step = "Ask for the parts of the data in several cases."


class EverythingLeftOut(StateConflict):
    """RED-10: that is a refusal, and needs its letter."""

    message = "Everything would be left out of this package: that is a refusal, not an answer."
    next_step = "Record the refusal in the case and send its letter."
