"""The durable record of launches, allocations, nodes and events."""
