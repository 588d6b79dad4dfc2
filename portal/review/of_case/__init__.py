"""The files of a case under review: what each comes to, and its bytes as they are sent."""
