"""Parts of New export."""
