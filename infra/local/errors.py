"""What stops the local system: its message is for the person at the terminal."""


class LocalError(Exception):
    """The local system cannot start or go on.

    The message says why, and what to do where there is something.
    """
