"""The description of how to call a flow, made from its schema: examples can be pasted, and are accepted."""

import json
import shlex
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typer.testing import CliRunner
from typing_extensions import TypedDict

from noukai import FlowDescription, FlowNotFoundError
from noukai.cli.calling import arguments_of, command_line, described, python_code
from noukai.cli.main import app
from tests.client.servers.fake_api import FakeApi


class Size(Enum):
    SMALL = "S"
    LARGE = "L"


class Line(BaseModel):
    article: Annotated[str, Field(min_length=9, max_length=12)]
    pieces: Annotated[int, Field(ge=5, le=99)]
    size: Size
    note: str | None = None


class Node(BaseModel):
    name: str
    children: list["Node"]


class Pair(TypedDict):
    left: int
    right: str


ANNOTATIONS: dict[str, Any] = {
    "text": str,
    "short": Annotated[str, Field(max_length=2)],
    "count": Annotated[int, Field(gt=10, lt=12)],
    "even": Annotated[int, Field(ge=3, multiple_of=4)],
    "share": Annotated[float, Field(gt=0, lt=1)],
    "below": Annotated[float, Field(le=-3)],
    "flag": bool,
    "optional": int | None,
    "nothing": None,
    "either": int | str,
    "choice": Literal["one", 2],
    "only": Literal["x"],
    "size": Size,
    "at": datetime,
    "day": date,
    "hour": time,
    "rest": timedelta,
    "key": UUID,
    "lines": list[Line],
    "three": Annotated[list[int], Field(min_length=3)],
    "pair": tuple[int, str],
    "more": tuple[int, ...],
    "by_name": dict[str, float],
    "tree": Node,
    "typed": Pair,
    "named": Annotated[str, Field(examples=["like this"], description="What it is called.")],
    "anything": Any,
}


def flow_of(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> FlowDescription:
    schema = {"type": "object", "properties": properties, "required": required or [], **more}
    return FlowDescription(flow="acme/demo/done", input=schema, timeout_seconds=60, max_attempts=3)


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_example_is_what_the_flow_takes(name: str) -> None:
    """The example in the schema passes the validation of the parameter, whatever its annotation."""
    adapter: TypeAdapter[Any] = TypeAdapter(ANNOTATIONS[name])
    schema = adapter.json_schema()
    definitions = schema.pop("$defs", {})
    (argument,) = arguments_of(flow_of({name: schema}, [name], **{"$defs": definitions}))
    adapter.validate_json(json.dumps(argument.example), strict=False)
    assert argument.kind


def test_arguments_say_what_they_are() -> None:
    """Each argument has its type in words, its bounds, its default and its description."""
    line = TypeAdapter(list[Line]).json_schema()
    flow = flow_of(
        {
            "message": {"type": ["string", "null"], "default": None, "description": "A text."},
            "top": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
            "currency": {"enum": ["EUR", "USD"], "type": "string"},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
        },
        ["currency", "lines"],
        **{"$defs": line["$defs"]},
    )
    kinds = {
        each.name: (each.kind, each.required, each.default, each.description) for each in arguments_of(flow)
    }
    assert kinds == {
        "message": ("string or null", False, None, "A text."),
        "top": ("integer from 1 to 1000", False, 10, ""),
        "currency": ('"EUR" or "USD"', True, None, ""),
        "lines": ("array of object Line", True, None, ""),
    }


NASTY = 'it\'s "so" $HOME `id` \\ \x1b[2J\n'


def test_command_can_be_pasted(api: FakeApi) -> None:
    """A shell that reads the command submits exactly the examples, however they are spelled."""
    flow = flow_of(
        {"message": {"examples": [NASTY]}, "name": {"default": NASTY}, "n": {"type": "integer"}}, ["n"]
    )
    flow = flow.model_copy(update={"input": {**flow.input, "required": ["message", "n"]}})
    program, *words = shlex.split(command_line(flow))
    ran = CliRunner().invoke(app, words)
    assert (program, ran.exit_code, ran.stdout) == ("noukai", 0, "grüße\n")
    assert api.submissions == [{"message": NASTY, "parameters": {"name": NASTY, "n": 1}}]


def test_program_can_be_pasted(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    """Python that runs the program submits exactly the examples, and prints the output."""
    exec(
        python_code(flow_of({"message": {"examples": [NASTY]}, "n": {"default": None}}, ["message", "n"])), {}
    )
    assert capsys.readouterr().out == "grüße\n"
    assert api.submissions == [{"message": NASTY, "parameters": {"n": "text"}}]


def test_call_without_arguments_is_short() -> None:
    """Optional arguments whose default is null are left out of a call."""
    flow = flow_of({"message": {"type": ["string", "null"], "default": None}})
    assert command_line(flow) == "noukai submit acme/demo/done --wait"
    assert '"acme' not in python_code(flow)
    assert ".job()" in python_code(flow)


@pytest.mark.parametrize(
    "schema", [True, {}, {"$ref": "#/$defs/Lost"}, {"type": 7}, {"anyOf": []}, {"items": 3}, None]
)
def test_no_schema_is_too_strange(schema: Any) -> None:
    """A schema of a later version may have unknown parts: something is shown all the same."""
    (argument,) = arguments_of(flow_of({"x": schema}))
    assert argument.kind == "any JSON"


def test_unknown_flow_is_not_found() -> None:
    """A flow that the deployment does not have is an error."""
    with pytest.raises(FlowNotFoundError, match="acme/demo/lost"):
        described([flow_of({})], "acme/demo/lost")
