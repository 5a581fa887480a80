"""The prices of AWS in us-east-1: `prices.json`, each with source and date."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "prices.json"


def usd(item: str, amount: float) -> float:
    """Return the price of an amount of an item of the bill."""
    price: float = _file()["prices"][item]["usd_per_million"]
    return amount * price / 1_000_000


@cache
def _file() -> Any:
    return json.loads(_FILE.read_text())
