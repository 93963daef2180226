"""What an optimizer is given, what it asks of the world, and what it tells."""
