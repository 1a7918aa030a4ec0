"""Pure judgement: who may start, where, and what everybody else waits for."""
