"""The error of the local system, whose message is for the person at the terminal."""


class LocalError(Exception):
    """An error that stops the local system; the message says why, and what to do."""
