"""What concerns all projects of an installation; for its administrators."""
