"""What the operator does with the whole portal: backups, and changing the keys of the blind indexes."""
