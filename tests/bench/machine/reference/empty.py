"""A function that does nothing: its cost is the runtime's own."""

from typing import Any


def handler(event: Any, _context: object) -> Any:
    return {"statusCode": 200, "body": str(len(event))}
