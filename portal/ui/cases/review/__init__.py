"""The step Review of a case: its files, and one of them with what is left out of it."""
