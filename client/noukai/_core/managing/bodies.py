"""The bodies of requests about what an org manages."""

from typing import Any

from pydantic import ValidationError

from noukai._errors import InvalidArgumentError
from noukai_wire.models import WireModel


def content_of(model: type[WireModel], fields: dict[str, Any]) -> bytes:
    """Return the JSON of the fields that are stated; `InvalidArgumentError` names the first invalid one."""
    stated = {name: value for name, value in fields.items() if value is not None}
    try:
        return model.model_validate(stated).model_dump_json(by_alias=True, exclude_unset=True).encode()
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise InvalidArgumentError(f"{place}: {problem['msg']}") from None
