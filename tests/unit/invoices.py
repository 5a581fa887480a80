"""The results of these tests' flows: nested dataclasses and models."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field


@dataclass
class Row:
    total: Any
    picture: bytes = b""


class Invoice(BaseModel):
    rows: list[Row] = []
    due: date = date(2026, 1, 2)
    net_price: Annotated[Decimal, Field(serialization_alias="netPrice")] = Decimal("1.50")
    extra: Any = None


class SecretInvoice(Invoice):
    secret: str = "of nobody's concern"


class Text(BaseModel):
    content: bytes
