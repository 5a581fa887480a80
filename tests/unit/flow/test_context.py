"""A flow's progress reports."""

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest

from noukai.flow import Context


def reported(**progress: Any) -> Mapping[str, Any]:
    """Return a report as JSON."""
    reports: list[Mapping[str, Any]] = []
    logger = cast("Any", logging.getLogger())
    context = Context(
        job_id="", attempt=1, org="", logger=logger, remaining=lambda: 0.0, report=reports.append
    )
    context.progress(**progress)
    return cast("Mapping[str, Any]", json.loads(json.dumps(reports[0])))


PERCENTAGES = [
    (40, 40),
    (0.5, 0.5),
    (np.float64(12.5), 12.5),
    (np.float32(12.5), 12.5),
    (np.int64(7), 7),
    (np.uint8(7), 7),
    (Decimal("12.5"), 12.5),
    (Fraction(1, 2), 0.5),
    (100.00000000000001, 100),
    (-1e-17, 0),
    (0, 0),
    (100, 100),
]


@pytest.mark.parametrize(("given", "shown"), PERCENTAGES)
def test_percentage_may_be_a_number_of_any_kind(given: Any, shown: float) -> None:
    """A value beyond an end by a rounding error counts as that end."""
    assert reported(percent=given) == {"percent": shown}


@pytest.mark.parametrize(
    "given", [101, -1, 10**400, 100.1, float("nan"), float("inf"), Decimal("NaN"), np.nan]
)
def test_number_that_is_no_percentage_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="percent must be from 0 to 100, not "):
        reported(percent=given)


@pytest.mark.parametrize("given", [True, "40", 1j, [40]])
def test_percentage_that_is_no_number_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="percent must be a number from 0 to 100, not "):
        reported(percent=given)


@pytest.mark.parametrize("given", [3, b"text", object()])
def test_message_that_is_no_text_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="message must be text, not "):
        reported(message=given)


def test_message_of_numpy_is_text() -> None:
    assert reported(message=np.str_("half")) == {"message": "half"}
