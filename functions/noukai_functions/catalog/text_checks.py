"""The text checks at submission, made by pydantic's engine, so that they agree with the worker's.

The engine's patterns take linear time. It is imported when it is first needed.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

TextCheck = Mapping[str, Any] | str
"""A core schema of pydantic, or the name of our own check: `email`, or a class of `ipaddress`."""

EMAIL = "email"
BYTES_OPTION: Final = "val_json_bytes"
"""The option of a bytes check, beside its core schema: how the bytes are encoded."""


class TextChecks:
    """The text checks of one validator, each made on first use."""

    def __init__(self, checks: Mapping[str, TextCheck]) -> None:
        self._checks = checks
        self._reasons: dict[str, Callable[[str], str | None]] = {}
        self.seen: dict[tuple[str, int], Exception | None] = {}
        """The first error of each part that the validator has already checked."""

    def __getitem__(self, name: str) -> Callable[[str], bool]:
        """Return a predicate for a check."""
        return lambda text: self.reason(name, text) is None

    def reason(self, name: str, text: str) -> str | None:
        """Return why a text fails a check; None if it passes."""
        if name not in self._reasons:
            check = self._checks[name]
            self._reasons[name] = _named(check) if isinstance(check, str) else _of_engine(check)
        return self._reasons[name](text)


def engine_validator(schema: Mapping[str, Any]) -> "SchemaValidator":
    """Make pydantic's validator for a check.

    Raises:
        SchemaError: the engine does not support its pattern.
    """
    # Few flows need it, and its import is half of pydantic's.
    from pydantic_core import SchemaValidator  # noqa: PLC0415

    core: Any = {key: value for key, value in schema.items() if key != BYTES_OPTION}
    return SchemaValidator(core, {BYTES_OPTION: schema.get(BYTES_OPTION, "utf8")})


def _of_engine(schema: Mapping[str, Any]) -> Callable[[str], str | None]:
    from pydantic_core import ValidationError  # noqa: PLC0415 - see `engine_validator`

    validator = engine_validator(schema)

    def reason(text: str) -> str | None:
        try:
            # As JSON, like in the worker: pydantic accepts other values from a Python string.
            validator.validate_json(json.dumps(text))
        except ValidationError as error:
            return str(error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"])
        return None

    return reason


def _named(name: str) -> Callable[[str], str | None]:
    if name == EMAIL:
        return _email_reason
    import ipaddress  # noqa: PLC0415 - few flows take an address

    make = getattr(ipaddress, name)

    def reason(text: str) -> str | None:
        try:
            make(text)
        except ValueError as error:
            return str(error)
        return None

    return reason


def _email_reason(text: str) -> str | None:
    from noukai_functions.catalog.email_text import is_email  # noqa: PLC0415 - few flows take an address

    return None if is_email(text) else "must be an email address"
