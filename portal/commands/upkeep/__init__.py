"""What the operator runs now and then: backups, keys, tables, the trail, the check of the settings."""
