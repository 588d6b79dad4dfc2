"""`cases`: what a helpdesk's scripts ask about the cases of persons, and what they record in them."""
