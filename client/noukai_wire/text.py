"""The shortening of text and values for callers."""

from noukai_wire import limits


def cut(text: str, limit: int = limits.MAX_ERROR_BYTES) -> str:
    """Return valid Unicode of at most `limit` bytes in UTF-8."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def is_too_deep(value: object) -> bool:
    """Return whether a JSON value is nested too deeply."""
    level: list[object] = [value]
    for _ in range(limits.MAX_JSON_DEPTH):
        level = [child for parent in level for child in _children(parent)]
    return any(isinstance(value, dict | list | tuple) for value in level)


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
