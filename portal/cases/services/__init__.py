"""What a merchant's people do with cases: open, list, record."""
