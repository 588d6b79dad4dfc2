"""LoyaltyDog privacy portal: ask for a customer's data, look at it, keep it safe, let it expire."""
