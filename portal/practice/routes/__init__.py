"""What the practice merchant answers, route by route."""
