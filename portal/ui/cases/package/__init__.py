"""What can be done with an approved package."""
