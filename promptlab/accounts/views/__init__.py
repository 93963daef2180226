"""Pages about people and projects."""
