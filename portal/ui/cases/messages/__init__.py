"""Messages between the person and colleagues, on the case and on Today."""
