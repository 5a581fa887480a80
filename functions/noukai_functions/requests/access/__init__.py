"""The bodies of requests for keys and browser tokens."""
