"""The merchant's other systems: the list kept once, what a case holds of each, the files attached to it."""
