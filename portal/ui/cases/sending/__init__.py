"""The step Send of a case: how the package goes out, the code shown once, and what became of each delivery."""
