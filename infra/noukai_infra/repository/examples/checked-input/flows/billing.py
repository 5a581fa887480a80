from typing import Annotated, Literal

from pydantic import BaseModel, Field

from noukai.flow import Context, PermanentError, flow


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1)] = 1
    price: float


@flow(timeout=120, max_attempts=5)
def invoice(lines: list[Line], currency: Literal["EUR", "USD"] = "EUR", *, context: Context) -> dict:
    if not lines:
        raise PermanentError("an invoice needs a line")
    total = 0.0
    for number, line in enumerate(lines, start=1):
        context.progress(percent=100 * number / len(lines), message=line.article)
        total += line.pieces * line.price
    return {"total": total, "currency": currency}
