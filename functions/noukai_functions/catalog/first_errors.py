"""The limits of compiled validators: they stop after the first errors, and check no part twice."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from fastjsonschema import JsonSchemaException, JsonSchemaValueException, JsonSchemaValuesException

from noukai_functions.catalog.text_checks import TextChecks
from noukai_functions.refusals import MAX_ERRORS

_Validate = Callable[[Any, TextChecks, str | None], Any]


class FirstErrors(list[JsonSchemaValueException]):
    """A list of errors that ends the validation when it holds as many as an answer may name."""

    def append(self, error: JsonSchemaValueException) -> None:
        """Add an error."""
        self.extend([error])

    def extend(self, errors: Iterable[JsonSchemaValueException]) -> None:
        """Add the errors of a nested validator."""
        super().extend(errors)
        if len(self) >= MAX_ERRORS:
            del self[MAX_ERRORS:]
            raise JsonSchemaValuesException(self)


def once(validate: _Validate) -> _Validate:
    """Cache a definition's validation of a list or object within one check.

    Otherwise nested variants would validate each part again, twice as often with each level.
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
