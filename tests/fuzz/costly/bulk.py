"""Flows whose input is expensive to check."""

from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, EmailStr, Field, create_model

from noukai.flow import flow


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1, le=99)] = 1


class Note(BaseModel):
    text: Annotated[str, Field(max_length=40)]


class Part(BaseModel):
    name: str = ""
    parts: list["Part"] = []


KINDS: Any = reduce(
    or_,
    [create_model(f"Kind{number}", **{f"name{number}": (int, ...)}) for number in range(12)],  # type: ignore[call-overload]
)


CHOICE: Any = Literal[tuple(range(2000))]


@flow
def anything(rows: Any) -> None: ...


@flow
def ints(rows: list[int]) -> None: ...


@flow
def objects(rows: list[dict[str, int]]) -> None: ...


@flow
def models(rows: list[Line]) -> None: ...


@flow
def variants(rows: list[int | Line | Note | list[str]]) -> None: ...


@flow
def kinds(rows: list[KINDS]) -> None: ...


@flow
def names(rows: dict[Annotated[str, Field(pattern="^[a-z]+$")], int]) -> None: ...


@flow
def patterns(rows: list[Annotated[str, Field(pattern=r"^(\w+\s?)+$")]]) -> None: ...


@flow
def repeats(rows: list[Annotated[str, Field(pattern="(a?){200}a{200}$")]]) -> None: ...


@flow
def emails(rows: list[EmailStr]) -> None: ...


@flow
def decimals(rows: list[Decimal]) -> None: ...


@flow
def moments(rows: list[datetime]) -> None: ...


@flow
def urls(rows: list[AnyUrl]) -> None: ...


@flow
def multiples(rows: list[Annotated[float, Field(multiple_of=0.1)]]) -> None: ...


@flow
def tree(rows: list[Part]) -> None: ...


@flow
def choices(rows: list[CHOICE]) -> None: ...


@flow
def distinct(rows: Annotated[set[int], Field(min_length=1)]) -> None: ...
