"""What stands in a file that may not go out: who is in it beside the customer, secrets, cards' numbers. Pure."""
