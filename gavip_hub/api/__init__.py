"""The published word: what travels over HTTP, and its translation to the nouns."""
