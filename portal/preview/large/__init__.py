"""Files too large for memory, read piece by piece; the tables are those of the ordinary readers."""
