"""What a merchant says once about its data, for all answers: items, checks, versions."""
