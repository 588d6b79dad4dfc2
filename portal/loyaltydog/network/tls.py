"""Every TLS context of the portal: whom it trusts, and what it lets pass (SEC-19). The only place that makes one.

Trusted are the system's certificate authorities; the files that SSL_CERT_FILE and SSL_CERT_DIR name stand in their
place. On Linux OpenSSL reads them once. On macOS and Windows they are in no file, so ``truststore`` asks the system;
it also knows the places of distributions that this Python's OpenSSL was not built for.
"""

import functools
import os
import ssl
import sys
from pathlib import Path

import truststore

__all__ = ["NoAuthorities", "client_context", "strict_context"]

FILE, FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
# Debian 12's Python 3.11.2 sets it in every new context: a body cut off without TLS's closing alert would be complete.
_CUT_OFF_IS_AN_END = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


class NoAuthorities(ValueError):
    """The certificate authorities cannot be read; names the variable and what is wrong with it."""


def client_context() -> ssl.SSLContext:
    """What the portal opens connections with. Raises NoAuthorities."""
    return _context(os.environ.get(FILE, ""), os.environ.get(FOLDER, ""))


def strict_context(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, for which a cut-off is never an end. Raises ValueError when it checks less than certificate
    and name, or speaks less than TLS 1.2."""
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise ValueError("certificate and host name checks cannot be switched off")
    if context.minimum_version not in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        raise ValueError("TLS below 1.2 cannot be switched on")
    context.options &= ~_CUT_OFF_IS_AN_END
    return context


@functools.lru_cache(maxsize=4)
def _context(file: str, folder: str) -> ssl.SSLContext:
    context = _named(file, folder) if file or folder else _system()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return strict_context(context)


def _named(file: str, folder: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file:
        try:
            context.load_verify_locations(cafile=file)
        except (OSError, ValueError) as trouble:  # ssl.SSLError is an OSError
            reason = "holds no certificate (PEM)" if isinstance(trouble, ssl.SSLError) else "cannot be read"
            raise NoAuthorities(f"{FILE}: the file {reason}.") from None
    if folder:
        if not any(Path(part).is_dir() for part in folder.split(os.pathsep)):
            raise NoAuthorities(f"{FOLDER}: there is no such folder.")
        context.load_verify_locations(capath=folder)
    return context


def _system() -> ssl.SSLContext:
    if sys.platform == "linux" and _has_default_authorities():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        return context
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _has_default_authorities() -> bool:
    found = ssl.get_default_verify_paths()
    return found.cafile is not None or (found.capath is not None and any(Path(found.capath).glob("*.0")))
