"""What changed since a person last asked: fingerprints of rows, kept without contents, and the earlier cases."""
