"""Recognising who asks: codes mailed to the address on file, and what follows once it is settled."""
