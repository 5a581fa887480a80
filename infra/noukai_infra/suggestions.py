"""Suggestions for mistyped names."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
"""How much of a name is shown."""


def unknown_name(name: str, known: Iterable[str], where: str) -> str:
    """Return a message for an unknown name, with the nearest known name, or else all of them."""
    name = (name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…").replace("\n", "\\n")
    nearest = get_close_matches(name.lower(), known, n=1)
    instead = f"did you mean {nearest[0]}?" if nearest else f"use one of {', '.join(sorted(known))}."
    return f"{name}: there is no such name in {where}: {instead}"
