"""The assumptions: `prices.json`, each with source and date. Those of AWS itself are `noukai plan`'s."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from noukai_infra.planning.prices import usd

__all__ = ["Peer", "assumed", "assumptions", "peers", "recorded_cpu", "usd"]

FILE = Path(__file__).parent / "prices.json"


@dataclass(frozen=True)
class Peer:
    """Another job API, with the lowest and the highest price of a million jobs, in USD."""

    name: str
    cheapest: float
    dearest: float
    source: str


def assumed(name: str) -> float:
    """Return an assumption, in the unit that ends its name."""
    value: float = _file()["assumptions"][name]["value"]
    return value


def assumptions() -> str:
    """Return all assumptions, a sentence each."""
    entries = _file()["assumptions"].items()
    return "; ".join(f"`{name}` {entry['value']} ({entry['why']})" for name, entry in entries)


def recorded_cpu() -> dict[str, Any]:
    """Return a recorded measurement of CPU: milliseconds by function, per call of AWS and per job."""
    return {name: value for name, value in _file()["cpu"].items() if name != "date"}


def peers() -> list[Peer]:
    """Return the other job APIs, the cheapest first."""
    ranges = [(each, *each["usd_per_million"]) for each in _file()["peers"]]
    return [Peer(each["name"], cheapest, dearest, each["source"]) for each, cheapest, dearest in ranges]


@cache
def _file() -> Any:
    return json.loads(FILE.read_text())
