"""The invented people, cards and files of the practice merchant."""
