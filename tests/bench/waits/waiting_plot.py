"""The plot of the callers' README: what waiting costs, and how late the end is noticed."""

from collections.abc import Mapping
from math import log10
from pathlib import Path
from xml.sax.saxutils import escape

from tests.bench.waits.wait_trial import Figures

PLOT = Path(".github") / "waiting.svg"
_PANEL, _HEIGHT, _TOP, _LEFT = 172, 190, 46, 46
_CHEAPEST, _DEAREST = 1.0, 10_000.0
_SOONEST, _LATEST = 0.03, 120.0
_COLOURS = ("#0b5394", "#2e9e6b", "#0a9ec4", "#8ecae6", "#8a6d3b", "#d98200", "#c2412d", "#7b5ea7")
_STYLE = """text{font:11px sans-serif;fill:#24292f}.grid{stroke:#d0d7de;fill:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}}"""


def draw(found: Mapping[str, Mapping[str, Figures]]) -> None:
    """Write the plot: a panel for each kind of job, a dot for each policy, both axes logarithmic."""
    names = list(next(iter(found.values())))
    width, height = _LEFT + _PANEL * len(found) + 8, _TOP + _HEIGHT + 112
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>Waiting for a job: cost and lateness of eight policies</title>",
        f"<style>{_STYLE}</style>",
        '<text x="4" y="14">USD per million jobs (up) and how late the end is noticed, median (right)</text>',
    ]
    for number, (kind, policies) in enumerate(found.items()):
        parts += _panel(_LEFT + number * _PANEL, kind, policies, has_scale=number == 0)
    for number, name in enumerate(names):
        x, y = _LEFT + number % 3 * 235, _TOP + _HEIGHT + 50 + number // 3 * 20
        parts.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{_COLOURS[number]}"/>')
        parts.append(f'<text x="{x + 10}" y="{y}">{escape(name)}</text>')
    PLOT.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _panel(left: float, kind: str, policies: Mapping[str, Figures], *, has_scale: bool) -> list[str]:
    inner = _PANEL - 14
    parts = [
        f'<rect class="grid" x="{left}" y="{_TOP}" width="{inner}" height="{_HEIGHT}"/>',
        f'<text x="{left + inner / 2}" y="{_TOP - 8}" text-anchor="middle" font-weight="bold">{kind}</text>',
    ]
    for usd in (10, 100, 1000):
        y = _up(usd)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}h{inner}"/>')
        if has_scale:
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{usd:,}</text>')
    for late, text in ((0.1, "0.1 s"), (1, "1 s"), (10, "10 s")):
        x = left + inner * _share(late, _SOONEST, _LATEST)
        parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}v{_HEIGHT}"/>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP + _HEIGHT + 15}" text-anchor="middle">{text}</text>')
    for colour, one in reversed(list(zip(_COLOURS, policies.values(), strict=True))):
        x = left + inner * _share(one.late, _SOONEST, _LATEST)
        parts.append(f'<circle cx="{x:.1f}" cy="{_up(one.usd):.1f}" r="5" fill="{colour}"/>')
    return parts


def _up(usd: float) -> float:
    return _TOP + _HEIGHT * (1 - _share(usd, _CHEAPEST, _DEAREST))


def _share(value: float, least: float, most: float) -> float:
    return log10(value / least) / log10(most / least)
