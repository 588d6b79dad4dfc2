"""Exports found again: pages, filters, the register, the first screen's figures, and how each was answered."""
