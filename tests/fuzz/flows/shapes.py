"""Flows of every shape of input, which end at once."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from noukai.flow import Context, PermanentError, flow


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1, le=99)] = 1
    price: float | None = None


class Part(BaseModel):
    name: Annotated[str, Field(max_length=40)]
    parts: list["Part"] = []


@flow
def add(a: int, b: int = 1) -> int:
    return a + b


@flow
def greet(message: str) -> str:
    return f"hello {message}"


@flow
def perhaps(message: str | None = None, anything: Any = None) -> Any:
    return [message, anything]


@flow
async def order(
    lines: Annotated[list[Line], Field(max_length=5)],
    colour: Colour,
    due: datetime,
    size: int | Literal["any"],
    tags: set[str] | None = None,
) -> dict[str, Any]:
    return {
        "pieces": sum(line.pieces for line in lines),
        "colour": colour.name,
        "year": due.year,
        "size": size,
        "tags": tags and sorted(tags),
    }


@flow
def pair(pair: tuple[int, str], by_number: dict[int, bool] | None = None) -> list[Any]:
    return [*pair, by_number]


@flow
def tree(root: Part, *, context: Context) -> str:
    context.progress(percent=50, message=root.name)
    return root.name


@flow(max_attempts=2, backoff=0)
def fail(message: Annotated[str, Field(min_length=1)]) -> None:
    raise ValueError(message)


@flow
def refuse(reason: Annotated[str, Field(pattern="^[a-z]*$")] = "") -> None:
    raise PermanentError(reason)
