"""What every part of the gift-card export stands on: states, the ledger that moves them, LoyaltyDog's rate limit."""
