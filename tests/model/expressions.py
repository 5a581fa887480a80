"""The expressions of the functions' own table as Python, which is fast enough for a model.

An expression of another form does not become valid Python, so none is misread.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

Value = Mapping[str, Any]
Item = Mapping[str, Value]
Compiled = Callable[[Item, Item], Any]
"""The result of an expression for a row and the expression's values."""

_OPERAND = r'(row\.get\("\w+"\)|values\[":\w+"\])'
_RULES = (
    # The steps, in this order, that turn an expression into Python.
    (r"IN \(([^()]+)\)", r"IN [\1]"),
    # Names that are neither a placeholder, a function nor the target of an assignment.
    (r"(?<!:)\b[a-z_]+\b(?!\(| = )", r'row.get("\g<0>")'),
    (r":\w+", r'values["\g<0>"]'),
    (rf"attribute_not_exists\({_OPERAND}\)", r"\1 is None"),
    (rf"if_not_exists\({_OPERAND}, {_OPERAND}\)", r"(\1 or \2)"),
    (rf"{_OPERAND} (<=|<) {_OPERAND}", r"number(\1) \2 number(\3)"),
    (rf"{_OPERAND} \+ {_OPERAND}", r"total(\1, \2)"),
    (r"\b(AND|OR|IN)\b", lambda word: word[0].lower()),
)


@cache
def placeholders(*expressions: str) -> frozenset[str]:
    return frozenset(re.findall(r":\w+", " ".join(expressions)))


@cache
def condition(text: str) -> Compiled:
    """Compile a condition; it tells whether it holds."""
    return _compiled(text.replace(" = :", " == :"), "{}")


@cache
def update(text: str) -> Compiled:
    """Compile an update; it returns the changed attributes, None for removed ones."""
    sets, _, removes = text.removeprefix("SET ").partition(" REMOVE ")
    removed = [f"{name} = None" for name in removes.split(", ") if name]
    # A repeated name is a repeated argument: refused, as on AWS.
    return _compiled(", ".join([sets, *removed]), "dict(row, {})")


def _compiled(expression: str, form: str) -> Compiled:
    for pattern, python in _RULES:
        expression = re.sub(pattern, python, expression)
    return cast("Compiled", eval(f"lambda row, values: {form.format(expression)}"))


def number(value: Value | None) -> float:
    """Return the number; for a missing attribute, one with which no comparison holds."""
    return math.nan if value is None else int(value["N"])


def total(left: Value, right: Value) -> Value:
    return {"N": str(int(left["N"]) + int(right["N"]))}
