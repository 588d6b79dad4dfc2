"""Files of exports: opened, read, compared, and made into spreadsheets."""
