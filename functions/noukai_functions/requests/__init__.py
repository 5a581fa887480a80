"""The requests of callers, free of HTTP: submit, look up, list, cancel and retry jobs."""
