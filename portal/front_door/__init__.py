"""The page on which a person asks for themselves: proved by a mailed code, it becomes a case of channel `form`."""
