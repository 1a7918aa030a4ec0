"""One file a noun: each handler parses, calls one use case, and answers."""
