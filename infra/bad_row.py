"""Rows that something else than this code has written, or a part of them: they spoil no list."""


def problem_of(error: Exception) -> str:
    """Return why a row cannot be read: what it lacks, or which value makes no sense."""
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
