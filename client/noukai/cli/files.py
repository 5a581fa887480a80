"""The files that the command reads and writes: text as it is, bytes from and to base64."""

import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import typer

from noukai._client import Noukai
from noukai._errors import FlowNotFoundError
from noukai_wire.display import text_of
from noukai_wire.flows import FlowDescription

from .calling import described
from .command import STDOUT
from .ending import LOCAL_FAULT
from .parsing.arguments import message_of, parameters_of, unreadable
from .terminal import complain, show_output

Input = tuple[str | None, dict[str, Any] | None]
"""The message and the parameters."""


def input_of(
    client: Noukai, flow: str, message: str | None, file: BinaryIO | None, entries: Sequence[str] | None
) -> Input:
    """Return the input of a job; a file is its message, or its only parameter if that takes bytes.

    The flow's schema decides whether the file is bytes or text, which must be UTF-8.
    """
    parameters = parameters_of(entries) if entries else None
    if file is None:
        return message, parameters
    if message is not None:
        raise typer.BadParameter("give the message only once, as text or as a file", param_hint="'-m' / '-f'")
    try:
        content = file.read()
    except OSError as error:
        raise unreadable(error) from None
    known = _description(client, client.flow(flow).address)
    name = _file_argument(known)
    if known is None or not _is_base64(known.input, _properties(known.input).get(name)):
        return message_of(content), parameters
    encoded = b64encode(content).decode()
    if name == "message":
        return encoded, parameters
    if name in (parameters or {}):
        raise typer.BadParameter(
            f"the parameter {name} is given twice: the file is this parameter", param_hint="'-f' / '-p'"
        )
    return None, {**(parameters or {}), name: encoded}


def write_output(client: Noukai, job_id: str, address: str | None, output: object, path: Path) -> None:
    """Write a job's output to a file: as bytes if the flow's schema says base64, else as it is printed."""
    known = _description(client, address) if isinstance(output, str) and address is not None else None
    schema = known and known.output
    content = f"{text_of(output)}\n".encode()
    if schema and isinstance(output, str) and _is_base64(schema, schema):
        content = b64decode(output)
    if path == STDOUT and sys.stdout.isatty():
        return _show(job_id, content)
    try:
        if path == STDOUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            path.write_bytes(content)
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror}")
        raise typer.Exit(LOCAL_FAULT) from None


def _show(job_id: str, content: bytes) -> None:
    """Print text, escaped on a terminal; refuse bytes that are not text."""
    try:
        show_output(content.decode().removesuffix("\n"))
    except UnicodeDecodeError:
        advice = f"write them with noukai wait {job_id} -o FILE"
        problem = f"the result is {len(content)} bytes that are not text: {advice}"
        raise typer.BadParameter(problem, param_hint="'-o'") from None


def _description(client: Noukai, address: str) -> FlowDescription | None:
    try:
        return described(client.flows(), address)
    except FlowNotFoundError:
        return None  # the flow is not deployed, as its submission will report


def _file_argument(flow: FlowDescription | None) -> str:
    properties = _properties(flow.input) if flow else {}
    of_bytes = [name for name, schema in properties.items() if flow and _is_base64(flow.input, schema)]
    return "message" if "message" in properties or len(of_bytes) != 1 else of_bytes[0]


def _is_base64(whole: Mapping[str, Any], schema: object) -> bool:
    """Return whether a schema accepts only base64 text."""
    if not isinstance(schema, dict):
        return False
    known = cast("dict[str, Any]", schema)
    reference: object = known.get("$ref")
    if isinstance(reference, str):
        return _is_base64(whole, whole.get("$defs", {}).get(reference.rpartition("/")[2]))
    variants: list[dict[str, Any]] = known.get("anyOf") or known.get("oneOf") or []
    if variants:
        return all(_is_base64(whole, each) for each in variants if each.get("type") != "null")
    return known.get("contentEncoding") == "base64"


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = schema.get("properties", {})
    return properties
