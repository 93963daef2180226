"""What a candidate is worth: run on examples, scored by a metric, and said with its interval."""
