"""What each command does; `portal.cli` says how it is called."""
