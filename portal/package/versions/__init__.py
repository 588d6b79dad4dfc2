"""The versions of a case's package: built, sealed, looked at, approved, destroyed."""
