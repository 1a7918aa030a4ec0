"""The use cases: they see ports, never an adapter."""
