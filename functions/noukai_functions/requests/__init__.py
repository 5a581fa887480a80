"""The requests of callers, independent of HTTP: submit, look up, list, list, retry."""
