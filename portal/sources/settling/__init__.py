"""How a source is settled that LoyaltyDog did not answer, and the answer that nothing is held."""
