"""What a submission is checked by, and what its worker takes."""

import json
from collections.abc import Callable
from typing import Any, cast

from fastjsonschema import JsonSchemaValuesException
from pydantic import TypeAdapter

from functions.flow import Context, PermanentError, flow
from functions.text_checks import TextChecks
from functions.validator_code import flow_validator

Errors = list[Any]


def compiled(adapter: TypeAdapter[Any]) -> Callable[[object], Errors]:
    """Compile what checks a value, as the build does; it gives what is wrong with one."""
    module: dict[str, Any] = {}
    exec(flow_validator(adapter).code, module)

    def errors(value: object) -> Errors:
        try:
            module["validate"](value, TextChecks(module["CHECKS"]))
        except JsonSchemaValuesException as refused:
            return list(refused.errors)
        return []

    return errors


def worker_takes(annotation: Any, value: object) -> bool:
    """Whether a flow runs with an argument of this annotation."""

    def take(argument: Any) -> None: ...

    take.__annotations__ = {"argument": annotation}
    try:
        flow(take).run({"argument": value}, cast("Context", None))
    except PermanentError:
        return False
    return True


def pydantic_takes_as_it_is(annotation: Any, value: object) -> bool:
    """Whether pydantic takes a value without making a number of a text and the like."""
    try:
        TypeAdapter(annotation).validate_json(json.dumps(value), strict=True)
    except ValueError:
        return False
    return True
