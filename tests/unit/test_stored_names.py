"""The letters of a job's attributes: only `row` uses them, and `names` for the infrastructure."""

import ast
import re
from pathlib import Path

import pytest

from noukai_functions.jobs.row import NAMES, SAVED_INPUT, expression
from noukai_functions.names import INDEX_ORDER, INDEX_PARTITION

ROOT = Path(__file__).parents[2]
LETTERS = {name for field, name in NAMES.items() if name != field} | {
    INDEX_PARTITION,
    INDEX_ORDER,
    SAVED_INPUT,
}
IN_AN_EXPRESSION = re.compile(r"(?<![:#\w{])([a-z]{1,2})(?= (?:=|<|<=|>|>=|IN|BETWEEN|:)|[),] ?)")
EXPRESSIONS = re.compile(r" (?:=|<|<=|>|>=) :|\bIN \(|exists\(|\b(?:SET|REMOVE|ADD) ")
KNOW_JOBS = {"functions/noukai_functions/names.py", "functions/noukai_functions/jobs/row.py"}
KNOW_OTHER_TABLES = {
    "functions/noukai_functions/usage/budgets.py",
    "functions/noukai_functions/access/rate_limits.py",
    "functions/noukai_functions/schedules/deployed.py",
    "functions/noukai_functions/schedules/row.py",
    "functions/noukai_functions/usage/unfinished.py",
    "functions/noukai_functions/usage/totals.py",
    "infra/noukai_infra/operations/orgs/budgets.py",
}
KNOW_NO_TABLE = {
    "infra/noukai_infra/stack/alarms/dashboard.py",
    "infra/noukai_infra/stack/base/worker_kinds.py",
}
"""Their letters are coordinates of widgets, and names of worker kinds."""


def letters_in(source: str) -> set[str]:
    """Return the letters that a module uses as keys, in look-ups, as constants or in expressions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Dict(keys=keys):
                found |= {
                    key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str(name)), *_]):
                found.add(name)
            case ast.Assign(value=ast.Constant(value=str(name))):
                found.add(name)
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()]):
                found.add(name)
            case ast.Constant(value=str(text)) if EXPRESSIONS.search(text):
                found |= {*IN_AN_EXPRESSION.findall(text)}
    return found & LETTERS


def test_letters_of_a_job_are_known_to_its_row_alone() -> None:
    """Conditions and updates are written with the names of fields."""
    paths = [path for folder in ("functions", "infra") for path in (ROOT / folder).rglob("*.py")]
    knowing = {str(path.relative_to(ROOT)) for path in paths if letters_in(path.read_text())}
    assert knowing == KNOW_JOBS | KNOW_OTHER_TABLES | KNOW_NO_TABLE


@pytest.mark.parametrize(
    "source",
    [
        'item["s"]',
        'item.get("c")',
        'STATE = "s"',
        '{"u": mark}',
        '"lp" in item',
        'guard = "state = :seen AND n < m AND a = :now"',
        'f"SET l = :lease{more}"',
        '"attribute_not_exists(b) OR b <= :now"',
    ],
)
def test_letter_is_found_everywhere(source: str) -> None:
    """It may be in an expression, a key or a constant."""
    assert letters_in(source)


@pytest.mark.parametrize(
    ("written", "translated"),
    [
        ("attempt = attempt + :one, owner = :owner", "n = n + :one, w = :owner"),
        (
            "created_at = :created_at AND (attribute_not_exists(not_before) OR not_before <= :now)",
            "c = :created_at AND (attribute_not_exists(b) OR b <= :now)",
        ),
        (
            "SET started_at = if_not_exists(started_at, :now) REMOVE id",
            "SET a = if_not_exists(a, :now) REMOVE id",
        ),
    ],
)
def test_expression_is_translated(written: str, translated: str) -> None:
    """Fields become letters; values, keywords and functions stay."""
    assert expression(written) == translated


def test_unknown_field_is_refused() -> None:
    """DynamoDB would take it for an attribute that no row has."""
    with pytest.raises(KeyError, match="nothing"):
        expression("nothing = :value")
