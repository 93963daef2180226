"""Runs as their list and their live page show them, and what is done to them."""
