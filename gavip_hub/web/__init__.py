"""The service over HTTP: parse, call one use case, answer."""
