"""CSV to tables: dialect, records, heads, and rows set right."""
