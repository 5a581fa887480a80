"""The progress of an upload or a download; it is not the job's progress."""

from collections.abc import Callable

from noukai._core.operation import Listener, Operation, Report, T

_MEGABYTE = 1e6
_STEPS = 100
"""The most reports per attempt, since a notebook sends each one to a browser."""


class Transfer:
    """One upload or download, in attempts, of which only the last counts."""

    def __init__(self, listener: Listener | None, doing: str, size: int) -> None:
        self._listener = listener
        self._doing = doing
        self._size = size
        self._attempt: object = None

    def attempt(self) -> Callable[[int], None]:
        """Begin an attempt; return the callback for each transferred piece, callable in any thread."""
        attempt = self._attempt = object()
        passed = told = 0

        def note(size: int) -> None:
            nonlocal passed, told
            passed += size
            if self._listener and self._attempt is attempt and (passed - told) * _STEPS >= self._size:
                told = passed
                self._listener(self._stated(passed))

        return note

    def during(self, operation: Operation[T]) -> Operation[T]:
        """Perform the transfer, and report its begin and its end to the listener."""
        if self._listener is None:
            return (yield from operation)
        yield Report(self._listener, self._stated(0))
        try:
            outcome = yield from operation
        finally:
            self._attempt = None
        yield Report(self._listener, {})
        return outcome

    def _stated(self, passed: int) -> dict[str, object]:
        message = f"{self._doing} {passed / _MEGABYTE:.1f} of {self._size / _MEGABYTE:.1f} MB"
        return {"percent": 100 * passed / max(self._size, 1), "message": message}
