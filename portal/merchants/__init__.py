"""One merchant of this portal: its settings, and its removal."""
