"""The cheapest place of a result: in its job's row, or in an object beside it."""

from noukai_wire.limits import MAX_ROW_RESULT_BYTES
from tests.bench import prices
from tests.bench.account.capacity import KB, read_units, write_units
from tests.bench.report import Cell, Section

_KILOBYTES = (1, 2, 4, 8, 9, 16, 64, 256)


def usd_in_row(size: int) -> float:
    """Price a million results in their rows: each is written once and read once."""
    written = prices.usd("write_units", write_units(0, size))
    return 1_000_000 * (written + prices.usd("read_units", read_units(size, consistent=True)))


def usd_as_object() -> float:
    """Price a million results of any size, each put and got once."""
    return 1_000_000 * (prices.usd("s3_puts", 1) + prices.usd("s3_gets", 1))


def section() -> Section:
    """Compare both for some sizes."""
    rows: list[list[Cell]] = [[f"{size} KB", usd_in_row(size * KB), usd_as_object()] for size in _KILOBYTES]
    note = f"Rows hold results of up to {MAX_ROW_RESULT_BYTES:,} bytes: until there they cost less."
    title = "A result in its row and as an object, USD per million, written and read once"
    return Section(title, ["result", "row", "object"], rows, {str(row[0]): row[1:] for row in rows}, [note])
