"""A build step: example submissions for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from noukai_functions.catalog.entries import Catalog, FlowEntry
from noukai_wire.schema_reader import example_of_arguments


def example_submissions(
    flows: Mapping[str, FlowEntry], validators: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return an example submission for each flow whose schema allows one."""
    catalog = Catalog.of(flows, validators)
    examples = {name: example_of_arguments(entry.input) for name, entry in flows.items()}
    return {
        name: _submission(example)
        for name, example in examples.items()
        if not catalog.errors_of(name, example)
    }


def _submission(arguments: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in arguments.items() if name != "message"}
    message = {"message": arguments["message"]} if "message" in arguments else {}
    return {**message, **({"parameters": parameters} if parameters else {})}
