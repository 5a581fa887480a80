"""The validators of a submission and of its worker."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from fastjsonschema import JsonSchemaValuesException
from pydantic import TypeAdapter

from noukai.flow import Context, Flow, PermanentError, flow
from noukai_functions.build.validators.code import flow_validator
from noukai_functions.catalog.entries import Catalog
from noukai_functions.catalog.text_checks import TextChecks
from noukai_functions.clock import Clock
from noukai_functions.jobs.objects import JobObjects
from noukai_functions.worker.inside.host import Host
from tests.flow_process import CALL

Errors = list[Any]


def compiled(adapter: TypeAdapter[Any]) -> Callable[[object], Errors]:
    """Compile the check of a value, as the build does; it returns the value's errors."""
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
    """Compile the check of such a flow's argument; it returns the argument's errors."""
    errors_of = compiled(taking(annotation).signature.adapter)
    return lambda value: errors_of({"argument": value})


def worker_takes(annotation: Any, value: object) -> bool:
    """Return whether a flow runs with an argument of this annotation in its process."""
    return running(annotation)(value)


def running(annotation: Any) -> Callable[[object], bool]:
    """Make the host of such a flow; it tells whether the flow runs with an argument."""
    made = taking(annotation)
    name = f"project/{made.name}"
    catalog = Catalog.of({}, {name: flow_validator(made.signature.adapter).code})
    host = Host("project", Path(), catalog, Clock(), _no_objects)

    def takes(value: object) -> bool:
        call = replace(CALL, flow=name, arguments={"argument": value})
        try:
            made.run(host.arguments(call), cast("Context", None))
        except PermanentError:
            return False
        return True

    return takes


def _no_objects() -> JobObjects:
    raise LookupError("no argument was uploaded")


def pydantic_takes_as_it_is(annotation: Any, value: object) -> bool:
    """Return whether pydantic accepts an argument without converting text to a number and the like."""
    try:
        taking(annotation).signature.adapter.validate_json(json.dumps({"argument": value}), strict=True)
    except ValueError:
        return False
    return True
