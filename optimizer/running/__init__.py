"""Holding a conversation: its requests answered, recorded, paid for, and replayed after a stop."""
