"""Flows that the console shows: quick and slow ones, failing, hostile and large ones."""

import logging
import time
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from noukai.flow import Context, flow

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
BIDI = "invoice\u202egpj.exe \u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0633\u0644\u0627\u0645"


class Priority(StrEnum):
    """A degree of urgency."""

    LOW = "low"
    HIGH = "high"


class Item(BaseModel):
    """A line of an order."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1


class Address(BaseModel):
    """A place to deliver to."""

    city: str
    street: str | None = None


@flow(timeout=60)
def greet(message: str = "world", times: Annotated[int, Field(ge=1, le=9)] = 1) -> dict[str, Any]:
    """Say hello to somebody, a few times."""
    print(f"greeting {message}")
    return {"greeting": [f"hello {message}"] * times, "big": 3544790567247868102}


@flow(timeout=600)
def render(
    frames: Annotated[int, Field(ge=1, le=500)] = 20, pause: float = 0.2, *, context: Context
) -> dict[str, Any]:
    """Draw the frames of a film, slowly, and tell how far it is."""
    for frame in range(1, frames + 1):
        context.progress(percent=100 * frame / frames, message=f"frame {frame} of {frames}")
        if frame % 5 == 0:
            context.logger.warning("frame %s took long", frame)
        print(f"rendered frame {frame}")
        time.sleep(pause)
    return {"frames": frames, "codec": "av1", "size": {"width": 1920, "height": 1080}}


@flow(timeout=60, max_attempts=3, backoff=1)
def charge(amount: float, currency: str = "EUR", *, context: Context) -> dict[str, Any]:
    """Bill a card; the bank answers only at the third attempt."""
    context.logger.info("asking the bank", extra={"amount": amount})
    if context.attempt < 3:
        raise ConnectionError("the bank does not answer")
    return {"charged": amount, "currency": currency}


@flow(timeout=60)
def reconcile(day: str = "2026-11-29", account: int | None = None, rates: list[float] | None = None) -> None:
    """Compare the books with the bank's, and fail."""
    logging.getLogger(__name__).error("the books differ by 12.50")
    _compare({"day": day, "account": account, "rates": rates})


def _compare(books: dict[str, Any]) -> None:
    raise ValueError(f"the books of {books['day']} differ by 12.50")


@flow(timeout=60)
def order(
    customer: str,
    items: Annotated[list[Item], Field(min_length=1)],
    priority: Priority = Priority.LOW,
    address: Address | None = None,
    due: datetime | None = None,
    *,
    gift: bool = False,
) -> dict[str, Any]:
    """Take an order with its items."""
    return {
        "customer": customer,
        "items": len(items),
        "priority": priority,
        "address": address,
        "due": due,
        "gift": gift,
    }


@flow(timeout=60)
def hostile(line_bytes: int = 100_000) -> Any:
    """Write and return what a page must not believe."""
    print(HOSTILE)
    print(BIDI)
    print("x" * line_bytes)
    print("10 %\r50 %\r100 %")
    print("\x1b[31mred\x1b[0m\x00\x07")
    logging.getLogger("x").error("%s", HOSTILE, extra={"html": HOSTILE, "__proto__": BIDI})
    return {
        "__proto__": {"polluted": True},
        HOSTILE: HOSTILE,
        BIDI: BIDI,
        "javascript:alert(1)": ["&lt;", None, -0.0, 1e300],
    }


@flow(timeout=60)
def refuse_in_markup() -> None:
    """Fail with markup."""
    raise RuntimeError(HOSTILE + BIDI)


@flow(timeout=60)
def export(rows: int = 60_000) -> list[dict[str, Any]]:
    """Return more than an answer holds."""
    return [{"row": row, "name": f"customer {row}"} for row in range(rows)]
