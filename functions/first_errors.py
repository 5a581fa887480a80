"""The errors that a validator collects: the first few, however much is wrong."""

from collections.abc import Iterable

from fastjsonschema import JsonSchemaValueException, JsonSchemaValuesException

from functions.errors import MAX_ERRORS


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
