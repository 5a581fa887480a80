"""What keeps compiled validators short: they stop after the first few errors, and look at nothing twice."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from fastjsonschema import JsonSchemaException, JsonSchemaValueException, JsonSchemaValuesException

from functions.refusals import MAX_ERRORS
from functions.text_checks import TextChecks

_Validate = Callable[[Any, TextChecks, str | None], Any]


class FirstErrors(list[JsonSchemaValueException]):
    """A list that ends the validation when it has as many errors as an answer shows."""

    def append(self, error: JsonSchemaValueException) -> None:
        """Add an error."""
        self.extend([error])

    def extend(self, errors: Iterable[JsonSchemaValueException]) -> None:
        """Add what the validator of a part has found."""
        super().extend(errors)
        if len(self) >= MAX_ERRORS:
            del self[MAX_ERRORS:]
            raise JsonSchemaValuesException(self)


def once(validate: _Validate) -> _Validate:
    """Let the validator of a definition remember, within one check, what it has found out about a list or an object.

    Variants within definitions would look at what is below them again and again, at each level twice as often.
    """

    @wraps(validate)
    def remembering(data: Any, checks: TextChecks, prefix: str | None = None) -> Any:
        if not isinstance(data, dict | list):
            return validate(data, checks, prefix)
        key = (validate.__name__, id(data))
        if key not in checks.seen:
            try:
                validate(data, checks, prefix)
            except JsonSchemaException as error:
                checks.seen[key] = error
            else:
                checks.seen[key] = None
        if found := checks.seen[key]:
            raise found.with_traceback(None)
        return data

    return remembering
