"""The bodies of requests about what an org manages."""

from typing import Any

from pydantic import ValidationError

from noukai._core.address import FlowAddress
from noukai._core.api import Api
from noukai._errors import InvalidArgumentError
from noukai_wire.models import WireModel

_OF_AN_ADDRESS = 2
"""The segments of `project/flow`."""


def content_of(model: type[WireModel], fields: dict[str, Any]) -> bytes:
    """Return the JSON of the fields that are stated; `InvalidArgumentError` names the first invalid one."""
    stated = {name: value for name, value in fields.items() if value is not None}
    try:
        return model.model_validate(stated).model_dump_json(by_alias=True, exclude_unset=True).encode()
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise InvalidArgumentError(f"{place}: {problem['msg']}") from None


def flow_of(api: Api, flow: str) -> str:
    """Return `project/flow` of an address, whose org is the key's."""
    if str(flow).count("/") == _OF_AN_ADDRESS - 1:
        return flow
    settings = api.settings
    address = FlowAddress.parse(flow, org=settings.org, project=settings.project)
    return f"{address.project}/{address.flow}"
