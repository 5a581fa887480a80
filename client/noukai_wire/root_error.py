"""The root of the client's errors, defined here because the models of answers raise one of them."""

from typing import Any


class NoukaiError(Exception):
    """The root of all errors of the client.

    `status_code`, `code` and `request_id` come from the API's answer; they are None without an answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        return self.message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NoukaiError):
            return NotImplemented
        return type(self) is type(other) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((type(self), self.message))

    def _facts(self) -> dict[str, Any]:
        """Return the error's text, without the notes that Python adds."""
        return {name: value for name, value in vars(self).items() if name != "__notes__"}
