"""Questions to the person about what is in their own file, compared in memory: staff see right or wrong, no more."""
