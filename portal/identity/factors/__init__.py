"""Authentication factors: password, one-time code, single sign-on, LoyaltyDog's own sign-in."""
