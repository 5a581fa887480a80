"""The simulation of many jobs a second, within AWS's published limits."""

from tests.bench.scale.tables import sections

__all__ = ["sections"]
