"""The tables of what an answer is made of: sources, decisions about records, other systems, fingerprints."""
