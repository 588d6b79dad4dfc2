"""The step Identity of a case: what is settled, what is missing, and the ways to recognise the person."""
