"""The design system: parts of pages, numbers as people read them, charts, word diffs, drawings."""
