"""Sealing: the master key, sealed fields and files, blind indexes, retention and destruction."""

from portal.vault.fields import FieldSealer
from portal.vault.files import SealedFiles
from portal.vault.keys import MasterKey

__all__ = ["FieldSealer", "MasterKey", "SealedFiles"]
