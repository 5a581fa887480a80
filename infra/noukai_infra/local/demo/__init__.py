"""The demo: the local system runs one job on a real text."""
