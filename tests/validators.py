"""What a submission is checked by, and what its worker takes."""

import json
from collections.abc import Callable
from typing import Any, cast

from fastjsonschema import JsonSchemaValuesException
from pydantic import TypeAdapter

from functions.flow import Context, Flow, PermanentError, flow
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


def taking(annotation: Any) -> Flow:
    """Make a flow that takes an argument of an annotation."""

    def take(argument: Any) -> None: ...

    take.__annotations__ = {"argument": annotation}
    return flow(take)


def accepting(annotation: Any) -> Callable[[object], Errors]:
    """Compile what checks the argument of such a flow; it gives what is wrong with one."""
    errors_of = compiled(taking(annotation).signature.adapter)
    return lambda value: errors_of({"argument": value})


def worker_takes(annotation: Any, value: object) -> bool:
    """Whether a flow runs with an argument of this annotation."""
    try:
        taking(annotation).run({"argument": value}, cast("Context", None))
    except PermanentError:
        return False
    return True


def pydantic_takes_as_it_is(annotation: Any, value: object) -> bool:
    """Whether pydantic takes an argument without making a number of a text and the like."""
    try:
        taking(annotation).signature.adapter.validate_json(json.dumps({"argument": value}), strict=True)
    except ValueError:
        return False
    return True
