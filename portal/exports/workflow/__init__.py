"""The durable workflow of an export: send the one POST, fetch the file, inspect it."""
