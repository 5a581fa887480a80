"""The import of httpx without its command, whose click and rich take a quarter of our import time."""

import sys
from importlib import import_module

if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # makes its import fail, which httpx handles
    import_module("httpx")
    del sys.modules["httpx._main"]
