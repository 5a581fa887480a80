"""The detection of unreadable rows, so that they break no list."""


def problem_of(error: Exception) -> str:
    """Return why a row cannot be read: a missing or an invalid attribute."""
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
