"""Who is signed in, and the proof of it."""
