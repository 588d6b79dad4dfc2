"""Where the files of reviews are kept."""
