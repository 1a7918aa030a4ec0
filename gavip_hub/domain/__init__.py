"""The nouns of GAVIP: plain values without a framework, a clock or I/O."""
