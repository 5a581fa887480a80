"""The local system's error, whose message is for the person at the terminal."""


class LocalError(Exception):
    """The error that the local system cannot start or go on.

    The message says why, and what to do where there is something.
    """
