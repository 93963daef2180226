"""The demo project: real data and two programs, loaded into an empty installation."""
