"""What is left out of a copy: where, for which reason, written so that nothing else changes and nothing survives."""
