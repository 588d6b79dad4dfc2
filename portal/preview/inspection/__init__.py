"""Whose record is it, and who else is in the file?"""
