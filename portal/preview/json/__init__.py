"""JSON to tables: a scanner that keeps reading, and a tree taken apart into related tables."""
