"""Expensive bodies for the real functions over moto, each with a limit of CPU and of memory.

The time that moto takes is not counted.
"""

import gzip
import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from unittest.mock import patch

from noukai_functions.api.endpoint import Event
from noukai_functions.aws.connection import Connection
from noukai_functions.build.catalog_build import build_catalog
from noukai_wire import limits
from noukai_wire.routes import BASE_PATH, Route
from tests.functions.entries import ENTRIES
from tests.functions.gateway import event_of
from tests.functions.harness import System, system_on_moto
from tests.silence import silent_functions

FLOWS = Path(__file__).with_name("costly")
MOST_SECONDS = 0.5
MOST_BYTES = 64 << 20
"""A quarter of the memory of an API function."""

_KEY = "nk_dear"
_NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_MOST_AROUND = 100
"""The bytes of a body besides its expensive part."""
_ITEMS = (
    *(
        "0",
        '"x"',
        "{}",
        "[]",
        "null",
        '{"article":"a"}',
        '{"x":1}',
        '{"text":1}',
        "[1]",
        "1.5",
        '"2026-02-30"',
    ),
    *('{"name0":1}', '{"name11":1}', '{"name11":"x"}'),
)
_TEXTS = ("a", "a.", "@.", "x ", "1", "http://a.", "2026-01-01T00:00:00", "P1", "-", "é", "\U0001f600")
_ESCAPES = ("\\u0061", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\\u0000", "\\\\", '\\"')
_NUMBERS = ("9" * 308, "9" * 4000, "1e308", "1.7e308", "0." + "3" * 300, "-1e-300", "7" * 40, "1e400", "0.7")
_SCRIPTS = ("\u4e2d\u6587\u56fd\u7d93\u9f8d", "\u00e9\u00e8\u00ea\u0105\u010f", "\u05d0\u05d1\u05d2")
_ROUTES = (Route.SUBMIT, Route.SUBMIT, Route.SUBMIT, Route.SUBMIT_JOBS, Route.UPLOAD)


@dataclass(frozen=True)
class Body:
    """An expensive body: what makes it so, its flow and its route."""

    kind: str
    flow: str
    route: Route
    content: bytes
    is_compressed: bool

    def event(self, now: int) -> Event:
        """Return the gateway's event of a request with it."""
        headers = {"authorization": f"Bearer {_KEY}"} | (
            {"content-encoding": "gzip"} if self.is_compressed else {}
        )
        path = BASE_PATH + self.route.path(org="acme", project="bulk", flow=self.flow)
        content = gzip.compress(self.content, mtime=0) if self.is_compressed else self.content
        return event_of("POST", path, headers.items(), content, now=now, request_id="r-1")


@dataclass(frozen=True)
class Cost:
    """The answer to a request, and its cost."""

    body: Body
    status: int
    seconds: float
    bytes: int

    @property
    def is_too_high(self) -> bool:
        """Return whether the request failed or was too expensive."""
        return self.status >= 500 or self.seconds > MOST_SECONDS or self.bytes > MOST_BYTES

    def __str__(self) -> str:
        body = self.body
        what = (
            f"{body.kind} for {body.flow} by {body.route.name}{', compressed' if body.is_compressed else ''}"
        )
        return f"{what}: {self.status}, {self.seconds:.2f} s, {self.bytes / 1e6:.1f} MB"


@dataclass
class Stopwatch:
    """The CPU that calls of functions have taken."""

    seconds: float = 0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and adds its CPU."""

        def call(*args: Any) -> Any:
            began = process_time()
            try:
                return function(*args)
            finally:
                self.seconds += process_time() - began

        return call


def _filled(parts: Callable[[], str], size: int, between: str = ",") -> str:
    """Join parts up to a size: the same part repeatedly, or a new one each time."""
    made, length = [], 0
    while length + len(part := parts()) + len(between) <= size:
        made.append(part)
        length += len(part.encode()) + len(between)
    return between.join(made)


def _items(rng: random.Random, size: int) -> str:
    chosen = rng.choices(_ITEMS, k=rng.choice((1, 1, 3)))
    return f"[{_filled(lambda: rng.choice(chosen), size)}]"


def _text(rng: random.Random, size: int) -> str:
    each = rng.choice(_TEXTS)
    end = rng.choice(("", "!", "b", "@"))
    length = rng.choice((20, 1000, size))
    one = json.dumps(each * (min(length, size - 20) // len(each.encode())) + end, ensure_ascii=False)
    return f"[{_filled(lambda: one, size)}]"


def _deep(rng: random.Random, size: int) -> str:
    levels = rng.choice((2, 14, 27, 28, 29, 32, 40))
    opening, closing = rng.choice((("[", "]"), ('{"parts":[', "]}"), ('{"a":', "}")))
    core = "1" if opening.endswith(":") else ""
    one = opening * levels + core + closing * levels
    return f"[{_filled(lambda: one, size)}]"


def _wide(rng: random.Random, size: int) -> str:
    numbers = iter(range(size))
    name, value = rng.choice(("x", "", "É")), rng.choice(("1", '"x"', "{}"))
    entries = _filled(lambda: f'"{name}{next(numbers)}":{value}', size)
    return f"{{{entries}}}"


def _numbers(rng: random.Random, size: int) -> str:
    chosen = rng.choices(_NUMBERS, k=rng.choice((1, 3)))
    return f"[{_filled(lambda: rng.choice(chosen), size)}]"


def _escapes(rng: random.Random, size: int) -> str:
    chosen = rng.choices(_ESCAPES, k=2)
    return f'["{_filled(lambda: rng.choice(chosen), size, between="")}"]'


def _addresses(rng: random.Random, size: int) -> str:
    letters, length = rng.choice(_SCRIPTS), rng.choice((1, 2, 4, 8, 20))
    count = rng.randint(120 // (length + 4), 240 // (length + 4))
    in_ascii = rng.random() < 0.3

    def label() -> str:
        text = "".join(rng.choices(letters, k=length))
        return f"xn--{text.encode('punycode').decode()}" if in_ascii else text

    def address() -> str:
        domain = ".".join(label() for _ in range(count))
        return f'"a@{domain}.co"'

    return f"[{_filled(address, size)}]"


KINDS: Mapping[str, Callable[[random.Random, int], str]] = {
    "many items": _items,
    "long text": _text,
    "depth": _deep,
    "width": _wide,
    "large numbers": _numbers,
    "escapes": _escapes,
    "addresses": _addresses,
}


_SHAPES = (
    *['{"parameters":{"rows":%s}}'] * 4,
    '{"parameters":%s}',
    '{"parameters":{"rows":[]},"options":{"metadata":%s}}',
    '{"parameters":{"rows":[]},"more":%s}',
    '{"message":%s}',
)


def bodies(flows: list[str], seed: int) -> Iterator[Body]:
    """Yield expensive bodies without end, the same ones for a seed."""
    rng = random.Random(seed)
    while True:
        kind, route = rng.choice(sorted(KINDS)), rng.choice(_ROUTES)
        shares = rng.choice((1, limits.MAX_BATCH_SIZE)) if route is Route.SUBMIT_JOBS else 1
        room = limits.MAX_BODY_BYTES // shares - _MOST_AROUND
        one = rng.choice(_SHAPES) % KINDS[kind](rng, room)
        content = f'{{"jobs":[{",".join([one] * shares)}]}}' if route is Route.SUBMIT_JOBS else one
        yield Body(kind, rng.choice(flows), route, content.encode(), rng.random() < 0.2)


def cost(body: Body, system: System, moto: Stopwatch) -> Cost:
    """Send a body twice: once for the time, and once, more slowly, for the memory."""
    event = body.event(system.clock.time)
    answer = ENTRIES[event["routeKey"]]
    began = process_time() - moto.seconds
    status = answer(event, system.deployment)["statusCode"]
    seconds = process_time() - moto.seconds - began
    tracemalloc.start()
    answer(event, system.deployment)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Cost(body, status, seconds, peak)


def costs(asset: Path, runs: int, seed: int) -> Iterator[Cost]:
    """Send that many expensive bodies to a fresh deployment, whose catalog is in `asset`."""
    moto = Stopwatch()
    with (
        silent_functions(),
        patch.dict(os.environ, _NO_ACCOUNT),
        system_on_moto(asset) as system,
        patch.object(Connection, "exchange", moto.timed(Connection.exchange)),
    ):
        system.add_key(_KEY, "acme")
        system.key = _KEY
        flows = [name.partition("/")[2] for name in sorted(system.deployment.catalog.flows)]
        for flow in flows:
            # Modules are imported and validators loaded by the first request, whatever is in its body.
            system.submit(f"bulk/{flow}", parameters={"rows": ["a"]})
        for body in islice(bodies(flows, seed), runs):
            yield cost(body, system, moto)


def fuzz_bodies(runs: int, seed: int) -> int:
    """Send expensive bodies and print their cost; return the number that failed or were too expensive."""
    with TemporaryDirectory() as folder:
        build_catalog(FLOWS, Path(folder, "catalog"))
        found = list(costs(Path(folder), runs, seed))
    wrong = [each for each in found if each.is_too_high]
    slowest, largest = max(found, key=lambda each: each.seconds), max(found, key=lambda each: each.bytes)
    print(*wrong, f"slowest: {slowest}", f"largest: {largest}", sep="\n")  # noqa: T201 - it is what it is for
    print(f"{len(found)} dear bodies of the seed {seed}: {len(wrong)} failures")  # noqa: T201 - as above
    return len(wrong)
