"""Parts of Preview: the file, its facts and what becomes of it."""
