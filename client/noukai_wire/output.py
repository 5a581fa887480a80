"""The output of a job, read as a value of the caller's type."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast, overload

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from noukai_wire.root_error import NoukaiError

_FIELD = "output"
_MOST_ERRORS = 5

Kind = TypeVar("Kind")


class OutputMismatchError(NoukaiError, ValueError):
    """An error for an output that does not fit the requested type.

    `errors` are objects with `path` and `message`.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        errors: Sequence[dict[str, str]] = (),
    ) -> None:
        super().__init__(message, status_code=status_code, code=code, request_id=request_id)
        self.errors = list(errors)


class ReadableOutput:
    """An object with an output that can be read as a value of a type."""

    def the_output(self) -> object:
        """Return the output as parsed JSON; raise `OutputMismatchError` if there is none."""
        raise NotImplementedError

    @overload
    def output_as(self, kind: type[Kind], /) -> Kind: ...
    @overload
    def output_as(self, kind: Any, /) -> Any: ...
    def output_as(self, kind: Any, /) -> Any:
        """Return the output as a type that pydantic supports: a model, a dataclass, `list[date]`.

        Bytes are read from base64, as flows write them. Raises `OutputMismatchError` for an output of another
        type, or if there is none.
        """
        output = self.the_output()
        try:
            adapter = _adapter(kind)
        except TypeError:  # the type cannot be hashed, for instance because of a list in its metadata
            adapter = _adapter.__wrapped__(kind)
        try:
            # As JSON, because from JSON a strict model accepts a date or an enum as text.
            return adapter.validate_json(json.dumps({_FIELD: output}))[_FIELD]
        except ValidationError as invalid:
            raise _mismatch(kind, invalid) from None


@lru_cache(maxsize=128)
def _adapter(kind: Any) -> TypeAdapter[dict[str, Any]]:
    # A configuration applies to what the type contains, except models, which have their own.
    whole = TypedDict("whole", {_FIELD: kind})  # type: ignore[misc]  # known at run time only
    with_config(ConfigDict(val_json_bytes="base64"))(whole)
    return cast("TypeAdapter[dict[str, Any]]", TypeAdapter(whole))


def _mismatch(kind: Any, invalid: ValidationError) -> OutputMismatchError:
    found = invalid.errors(include_url=False, include_context=False, include_input=False)
    errors = [{"path": ".".join(map(str, each["loc"][1:])), "message": each["msg"]} for each in found]
    said = [f"{each['path']}: {each['message']}" if each["path"] else each["message"] for each in errors]
    more = f"; and {len(said) - _MOST_ERRORS} more" if len(said) > _MOST_ERRORS else ""
    name = getattr(kind, "__name__", None) if isinstance(kind, type) else None
    return OutputMismatchError(
        f"the output is not a {name or kind}: {'; '.join(said[:_MOST_ERRORS])}{more}", errors=errors
    )
