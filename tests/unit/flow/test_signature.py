"""Arguments and defaults as a job's flow gets them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from noukai.flow.runtime import Signature
from tests.unit.flow.decorators import noted


class Line(BaseModel):
    article: str
    notes: list[str] = []


@dataclass(eq=False)
class Basket:
    items: list[int] = field(default_factory=list)


def run(function: Callable[..., Any], **arguments: Any) -> Any:
    """Return the function's result for a job's arguments."""
    return function(**Signature(function).converted(arguments))


def converted(top: int = "10") -> int:  # type: ignore[assignment]
    return top


def whole(share: float = 1) -> float:
    return share


def dated(day: date = "2026-01-31") -> date:  # type: ignore[assignment]
    return day


def in_annotation(limit: Annotated[int, Field(default=5, ge=1)]) -> int:
    return limit


def in_field(limit: int = Field(default="7", ge=1)) -> int:  # type: ignore[assignment]
    return limit


def made(limit: Annotated[list[int], Field(default_factory=lambda: ["1"])]) -> list[int]:
    return limit


def beside_field(limit: Annotated[int, Field(ge=1)] = "3") -> int:  # type: ignore[assignment]
    return limit


def absent(limit: int | None = None) -> int | None:
    return limit


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (converted, 10),
        (whole, 1.0),
        (dated, date(2026, 1, 31)),
        (in_annotation, 5),
        (in_field, 7),
        (made, [1]),
        (beside_field, 3),
        (absent, None),
    ],
)
def test_default_is_converted_as_an_argument_is(function: Callable[..., Any], expected: Any) -> None:
    """However it is written, a flow gets the annotated type."""
    found = run(function)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("function", [in_annotation, in_field])
def test_argument_that_has_a_default_is_checked(function: Callable[..., Any]) -> None:
    """A default removes no constraint."""
    assert run(function, limit=2) == 2
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        run(function, limit=0)


def grows(seen: list[Any] = []) -> int:  # noqa: B006
    seen.append(1)
    return len(seen)


def grows_within(seen: dict[str, list[int]] = {"a": []}) -> int:  # noqa: B006
    seen["a"].append(1)
    return len(seen["a"])


PEN = Line(article="pen")
BASKET = Basket()


def grows_in_model(line: Line = PEN) -> int:
    line.notes.append("x")
    return len(line.notes)


def grows_in_dataclass(basket: Basket = BASKET) -> int:
    basket.items.append(1)
    return len(basket.items)


def grows_in_any(seen: Any = [[]]) -> int:  # noqa: B006
    seen[0].append(1)
    return len(seen[0])


def grows_in_field(seen: Annotated[list[Any], Field(default=[[]])]) -> int:
    seen[0].append(1)
    return len(seen[0])


@pytest.mark.parametrize(
    "function", [grows, grows_within, grows_in_model, grows_in_dataclass, grows_in_any, grows_in_field]
)
def test_default_is_fresh_for_each_job(function: Callable[..., int]) -> None:
    """A job that changes a default does not change the next one's in the same process."""
    signature = Signature(function)
    assert [function(**signature.converted({})) for _ in range(3)] == [1, 1, 1]


def test_annotations_of_a_decorated_function_are_resolved() -> None:
    """A decorator of another module hides neither the parameters nor the names in their annotations."""

    @noted
    def taking(line: "Line", top: "int" = 1) -> tuple[Any, int]:
        return line, top

    assert run(taking, line={"article": "pen"}) == (Line(article="pen"), 1)
