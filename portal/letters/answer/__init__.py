"""The letter of an answer: what Art. 15 asks for, from the profile and from the case."""
