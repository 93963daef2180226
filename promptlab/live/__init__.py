"""Pages that change while they are open: who may read them, and when they are sent what."""
