"""Our own HTTP addresses: sign-in, language, downloads, static files."""
