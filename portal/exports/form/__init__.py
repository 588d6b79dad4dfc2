"""The export form: parsing, checks and submission, single and in bulk."""
