"""The functions on moto, whose metrics the alarms of the template read."""

from tests.functions.conftest import asset, system

__all__ = ["asset", "system"]
