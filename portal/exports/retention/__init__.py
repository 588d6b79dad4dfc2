"""Files destroyed in time, by a clock that may not jump."""
