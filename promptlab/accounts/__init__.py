"""People, projects, roles: who may do what, and how they sign in."""
