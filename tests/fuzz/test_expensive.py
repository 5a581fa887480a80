"""Bodies and uploads that are expensive to check, with the real functions."""

import json
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from noukai_functions.api.errors import refusal_answer
from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.catalog.entries import Catalog
from noukai_functions.refusals import Refusal
from noukai_functions.requests.submission import parse_submission, uploaded_arguments
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from tests.fuzz.expensive import FLOWS, KINDS, MOST_SECONDS, costs

_FLOOR_SECONDS = 0.05
"""The time that any check may take: clocks and busy machines are inexact."""

_UPLOAD_BYTES = 1_200_000

_PYTHON_HASHES_BY = sys.hash_info.modulus
"""All its multiples have the hash 0."""


@pytest.fixture(scope="module")
def costly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the catalog of the flows whose input is expensive to check."""
    folder = tmp_path_factory.mktemp("costly")
    build_catalog(FLOWS, folder / "catalog")
    return folder


def test_no_body_is_expensive(costly: Path) -> None:
    """Whatever is in it, on any route that takes an input, compressed or not."""
    found = list(costs(costly, runs=24, seed=1))
    assert {each.body.kind for each in found} == KINDS.keys()
    assert {202, 422} <= {each.status for each in found}
    assert not [str(each) for each in found if each.is_too_high]


def address(label: str, count: int) -> str:
    """Return an address with that many labels."""
    return f"a@{'.'.join([label] * count)}.co"


@pytest.mark.parametrize(
    ("flow", "rows", "code"),
    [
        ("choices", [1999] * 50_000, None),
        ("choices", [1999.5] * 37_000, ErrorCode.INVALID_INPUT),
        ("distinct", [number * _PYTHON_HASHES_BY for number in range(10_000)], None),
        ("emails", [address("é", 82)] * 1000, ErrorCode.INVALID_INPUT),
        ("emails", [address("中", 28)] * 2200, None),
        ("emails", [address("éď", 24)] * 2050, None),
        ("emails", [address("xn--8cabe9h", 20)] * 1040, None),
    ],
    ids=[
        "last choice",
        "no choice",
        "equal hashes",
        "too many labels",
        *("labels of one letter", "of two", "in ASCII"),
    ],
)
def test_inputs_chosen_to_be_expensive(
    costly: Path, flow: str, rows: list[object], code: ErrorCode | None
) -> None:
    """Many choices to search, numbers that collide in a set, addresses of many labels."""
    content = json.dumps({"parameters": {"rows": rows}}, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(content) <= limits.MAX_BODY_BYTES
    found, seconds = timed(parse_submission, content, flow, Catalog.load(costly / "catalog"))
    assert found == code
    assert seconds <= MOST_SECONDS


Read = Callable[[bytes, str, Catalog], object]


@pytest.mark.parametrize(
    ("read", "size"),
    [(parse_submission, limits.MAX_BODY_BYTES), (uploaded_arguments, _UPLOAD_BYTES)],
    ids=["body", "upload"],
)
@pytest.mark.parametrize(
    ("flow", "items"),
    [
        ("ints", (0, "x")),
        ("objects", ({"a": 1}, {"a": "x"})),
        ("models", ({"article": "a"}, {"article": 1})),
    ],
)
def test_refusal_costs_no_more_than_twice_an_acceptance(
    costly: Path, read: Read, size: int, flow: str, items: tuple[Any, Any]
) -> None:
    """That holds in time and memory, even if all items of a body or an upload are wrong."""
    right, wrong = items
    catalog = Catalog.load(costly / "catalog")
    accepted, accepted_seconds, accepted_bytes = cost(read, filled(right, size), flow, catalog)
    refused, refused_seconds, refused_bytes = cost(read, filled(wrong, size), flow, catalog)
    assert (accepted, refused) == (None, ErrorCode.INVALID_INPUT)
    assert refused_seconds <= max(2 * accepted_seconds, _FLOOR_SECONDS)
    assert refused_bytes <= 2 * accepted_bytes


def filled(item: Any, size: int) -> bytes:
    """Return an input of a size: one item repeatedly."""
    around: Mapping[str, Any] = {"parameters": {"rows": []}}
    pieces = (size - len(json.dumps(around))) // len(json.dumps([item, item])[1:-1].encode()) * 2
    return json.dumps({"parameters": {"rows": [item] * pieces}}, separators=(",", ":")).encode()


def cost(read: Read, content: bytes, flow: str, catalog: Catalog) -> tuple[ErrorCode | None, float, int]:
    """Return the code of an input's refusal, and its cost in seconds of CPU and bytes of memory."""
    found, seconds = timed(read, content, flow, catalog)
    tracemalloc.start()
    code_of(read, content, flow, catalog)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, seconds, peak


def timed(read: Read, content: bytes, flow: str, catalog: Catalog) -> tuple[ErrorCode | None, float]:
    """Return the code of an input's refusal, and its seconds of CPU once everything is loaded."""
    code_of(read, content, flow, catalog)
    began = process_time()
    found = code_of(read, content, flow, catalog)
    return found, process_time() - began


def code_of(read: Read, content: bytes, flow: str, catalog: Catalog) -> ErrorCode | None:
    """Return the code of an input's refusal."""
    try:
        read(content, f"bulk/{flow}", catalog)
    except Refusal as refused:
        return refusal_answer(refused).code
    return None
