"""Gives an approved package out: link and code, mail, by hand; and keeps the proof."""
