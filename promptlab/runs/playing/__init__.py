"""The playground: prompts side by side on a handful of rows."""
