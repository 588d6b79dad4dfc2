"""Whose the records in a case's answers are: read, classed, decided by people (2.2, ANS-2, ANS-3)."""
