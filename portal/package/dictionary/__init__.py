"""What the vendor's field names mean, in plain words (LAW-10)."""
