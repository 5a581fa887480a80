"""The runbook lists every line that the functions log; none holds what a caller has sent."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from noukai_infra.settings import ROOT

LEVELS = {"info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR"}
OF_CALLERS = {
    "input",
    "arguments",
    "message_body",
    "result",
    "output",
    "metadata",
    "progress",
    "token",
    "body",
}
"""What must not be a field of a line. `key` is that of a row of usage: its day and flow."""

JOB_FIELDS = ("job_id", "org", "flow", "attempt")


@dataclass
class Line:
    """The levels and fields with which a message is logged."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def logged() -> Mapping[str, Line]:
    """Return the lines in the source of the functions, by their messages."""
    found: dict[str, Line] = defaultdict(Line)
    for path in (ROOT / "functions" / "noukai_functions").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                known = dict(assigned(function))
                for call in calls(function):
                    message = ast.literal_eval(call.args[0])
                    found[message].levels.add(LEVELS[call.func.attr])  # type: ignore[attr-defined]
                    for keyword in call.keywords:
                        if keyword.arg == "extra":
                            found[message].fields |= keys(keyword.value, known)
    return found


def calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """Yield the calls of the logger that write a line."""
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    # The authorizer's asset has no other logger than the standard library's.
                    value=ast.Call(func=ast.Name(id="logger")) | ast.Name(id="_logger"),
                    attr=attr,
                )
            ):
                if attr in LEVELS:
                    yield node


def assigned(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value


def keys(value: ast.expr | None, known: Mapping[str, ast.expr]) -> set[str]:
    """Return the keys of a dictionary, also of one that was given a name before or is spread into it."""
    match value:
        case ast.Name(id=name):
            return keys(known[name], known)
        case ast.IfExp(body=body, orelse=other):
            return keys(body, known) | keys(other, known)
        case ast.Call(func=ast.Name(id="job_fields")):
            return set(JOB_FIELDS)
        case ast.Dict(keys=named, values=values):
            own = {ast.literal_eval(each) for each in named if each is not None}
            spread = [each for name_, each in zip(named, values, strict=True) if name_ is None]
            return own.union(*(keys(each, known) for each in spread))
    raise AssertionError(f"the fields of a line are not to be seen: {ast.dump(value) if value else ''}")


def listed() -> Mapping[str, tuple[set[str], set[str]]]:
    """Return the rows of the runbook: the level and the fields by message."""
    text = (ROOT / "infra" / "RUNBOOK.md").read_text().partition("\n## Log lines\n")[2]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)
    return {message: ({level}, set(re.findall(r"`(\w+)`", fields))) for message, level, fields in rows}


def test_runbook_lists_every_line() -> None:
    """With its fields and one of its levels; a message that is gone is no row any more."""
    in_source, in_runbook = logged(), listed()
    assert in_source.keys() == in_runbook.keys()
    for message, line in in_source.items():
        assert in_runbook[message][1] == line.fields, message
        assert in_runbook[message][0] <= line.levels, message


def test_runbook_names_the_fields_that_lines_share() -> None:
    """Those of a request or a delivery, which its lines have without naming them."""
    shared: set[str] = set()
    for path in (ROOT / "functions" / "noukai_functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="line_fields" | "add_fields"), keywords=keywords):
                    shared |= {name for each in keywords for name in ([each.arg] if each.arg else JOB_FIELDS)}
    assert shared == {"request_id", "message_id", "trace_id", *JOB_FIELDS}
    text = (ROOT / "infra" / "RUNBOOK.md").read_text().partition("\n## Log lines\n")[2].partition("\n| ")[0]
    assert shared <= set(re.findall(r"`(\w+)`", text))


def test_no_field_is_of_a_caller() -> None:
    """Neither a key nor an input nor a result; `tests/e2e/logs/test_logs.py` looks at what is written."""
    fields = set().union(*(line.fields for line in logged().values()))
    assert len(fields) > 10
    assert fields & OF_CALLERS == set()
