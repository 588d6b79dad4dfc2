"""Parts of Help, and the first look round."""
