"""Mails to the people who ask: rows that are sent, repeated and followed to their end."""
