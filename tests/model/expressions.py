"""The conditions and updates of DynamoDB, as far as the functions use them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Item = Mapping[str, Mapping[str, Any]]
Operand = Callable[[Item, Item], Any]
"""Its value, given the row and the expression's values; None if the row lacks it."""

_TOKEN = re.compile(r"\s*(<=|[=<(),+]|:?\w+)")


class Expression:
    """A condition or an update, parsed once: `=`, `<`, `<=`, `IN`, `AND`, `OR`, parentheses, `+` and two functions."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self.placeholders = {token for token in self._tokens if token.startswith(":")}

    def condition(self) -> Operand:
        alternatives = [self._conjunction()]
        while self._taken("OR"):
            alternatives.append(self._conjunction())
        return lambda item, values: any(each(item, values) for each in alternatives)

    def update(self) -> tuple[dict[str, Operand], list[str]]:
        """What `SET` makes of which attributes, and which `REMOVE` takes away."""
        sets: dict[str, Operand] = {}
        self._expect("SET")
        while True:
            name = self._next()
            self._expect("=")
            sets[name] = self._sum()
            if not self._taken(","):
                break
        return sets, [token for token in self._tokens[1:] if token != ","] if self._taken_ahead("REMOVE") else []

    def _conjunction(self) -> Operand:
        parts = [self._comparison()]
        while self._taken("AND"):
            parts.append(self._comparison())
        return lambda item, values: all(each(item, values) for each in parts)

    def _comparison(self) -> Operand:
        if self._taken("("):
            inner = self.condition()
            self._expect(")")
            return inner
        if self._taken("attribute_not_exists"):
            (name,) = self._arguments()
            return lambda item, _: name not in item
        left, sign = self._operand(), self._next()
        if sign == "IN":
            choices = [_operand(token) for token in self._arguments()]
            return lambda item, values: left(item, values) in [choice(item, values) for choice in choices]
        right = self._operand()
        return lambda item, values: _compare(left(item, values), sign, right(item, values))

    def _sum(self) -> Operand:
        left = self._operand()
        if not self._taken("+"):
            return left
        right = self._operand()
        return lambda item, values: {"N": str(int(left(item, values)["N"]) + int(right(item, values)["N"]))}

    def _operand(self) -> Operand:
        token = self._next()
        if token != "if_not_exists":
            return _operand(token)
        there, otherwise = (_operand(argument) for argument in self._arguments())
        return lambda item, values: there(item, values) or otherwise(item, values)

    def _arguments(self) -> list[str]:
        self._expect("(")
        arguments = [self._next()]
        while self._taken(","):
            arguments.append(self._next())
        self._expect(")")
        return arguments

    def _next(self) -> str:
        return str(self._tokens.pop(0))

    def _taken(self, token: str) -> bool:
        return bool(self._taken_ahead(token) and self._next())

    def _taken_ahead(self, token: str) -> bool:
        return self._tokens[:1] == [token]

    def _expect(self, token: str) -> None:
        if not self._taken(token):
            raise ValueError(f"{token} is missing before {self._tokens}")


def _operand(token: str) -> Operand:
    return (lambda _, values: values[token]) if token.startswith(":") else (lambda item, _: item.get(token))


def _compare(left: Any, sign: str, right: Any) -> bool:
    if left is None or right is None or left.keys() != right.keys():
        return False
    if sign == "=":
        return bool(left == right)
    low, high = int(left["N"]), int(right["N"])
    return low < high or (sign == "<=" and low == high)


@cache
def parsed_condition(text: str) -> tuple[Operand, set[str]]:
    expression = Expression(text)
    return expression.condition(), expression.placeholders


@cache
def parsed_update(text: str) -> tuple[tuple[dict[str, Operand], list[str]], set[str]]:
    expression = Expression(text)
    return expression.update(), expression.placeholders
