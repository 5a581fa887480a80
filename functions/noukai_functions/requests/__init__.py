"""The requests of callers, whatever brings them: submit, look up, cancel, list."""
