"""What a complete answer is made of: the sources of a case, each asked, sealed and settled (ANS-1 to ANS-8)."""
