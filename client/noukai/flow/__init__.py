"""The API for flow authors: `@flow`, `@on_start`, `Context` and `PermanentError`.

from noukai.flow import Context, flow

@flow(timeout=60, max_attempts=3)
def word_count(message: str, top: int = 10, *, context: Context) -> dict:
    context.progress(percent=40, message="counting")
    ...
"""

from ._context import Context, PermanentError
from ._definition import Flow, flow
from ._start import on_start

__all__ = ["Context", "Flow", "PermanentError", "flow", "on_start"]
