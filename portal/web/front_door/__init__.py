"""The page on which a person asks for themselves, and their own page: no script, nothing from outside."""
