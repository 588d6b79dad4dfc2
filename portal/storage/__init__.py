"""Database engine, tables, migrations and blob stores. Knows nothing above it."""
