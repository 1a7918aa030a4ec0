"""Where containers run; each engine is a stranger to the others."""
