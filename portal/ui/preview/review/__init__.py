"""What is left out of a file and why, as a person decides it on Preview."""
