"""Copies of a file with what is left out: made by splice, read again, told as a list."""
