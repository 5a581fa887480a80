"""A build step: the JSON Schema of a number that is parsed as a `Decimal`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_MOST_MULTIPLES = 10**28
"""pydantic divides in Python's decimal context, which raises for a larger quotient."""
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def decimal_number(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules of a decimal's core schema for a JSON number.

    Raises:
        ValueError: a bound has more digits than a JSON number can have.
    """
    rules: list[dict[str, Any]] = [
        {name: _number(schema[key]) for key, name in _BOUNDS.items() if key in schema}
    ]
    if "multiple_of" in schema:
        of = _decimal(schema["multiple_of"])
        rules.append({"multipleOf": _number(of), **_below(of * _MOST_MULTIPLES)})
    places, digits = schema.get("decimal_places"), schema.get("max_digits")
    if places is not None:
        rules.append(_with_places(places))
    if digits is not None and places is not None:
        rules.append(_below(Decimal(10) ** (digits - places)))
    elif digits is not None:
        # Each decimal place uses one of the digits.
        counts = range(digits + 1)
        rules.append(
            {"anyOf": [_with_places(count) | _below(Decimal(10) ** (digits - count)) for count in counts]}
        )
    return {"type": "number", **_all_of([rule for rule in rules if rule])}


def _all_of(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge rules; combine them by `allOf` if they share a keyword."""
    names = [name for rule in rules for name in rule]
    if len(names) > len(set(names)):
        return {"allOf": rules}
    return {name: value for rule in rules for name, value in rule.items()}


def _with_places(count: int) -> dict[str, Any]:
    return {"multipleOf": _number(Decimal(1).scaleb(-count))}


def _below(bound: Decimal) -> dict[str, Any]:
    return {"exclusiveMinimum": _number(-bound), "exclusiveMaximum": _number(bound)}


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _number(value: object) -> int | float:
    """Return a bound as a JSON number."""
    exact = _decimal(value)
    if exact == exact.to_integral_value():
        return int(exact)
    if Decimal(repr(float(exact))) != exact:
        raise ValueError(f"the bound {value} has more digits than a JSON number can have: use fewer")
    return float(exact)
