"""A build step: the changes to the code that fastjsonschema generates."""

import re

MADE_FOR = "2.22.3"
"""The version of fastjsonschema whose generated text is changed."""


def bounded(code: str) -> str:
    """Limit the number of errors that generated code collects; the original collects all.

    Raises:
        RuntimeError: the generated code is not as expected.
    """
    code = _replaced(r"^( *)errors = \[\]$", r"\1errors = FirstErrors()", code)
    if "rule='propertyNames'" not in code:
        return code
    return _replaced(r"^( *)(\w+_property_names = False)$", r"\1\2\n\1break", code)


def checking_once(code: str) -> str:
    """Make generated code check a value by a definition only once.

    Raises:
        RuntimeError: the generated code is not as expected.
    """
    return _replaced(r"^def validate_", "@once\ndef validate_", code)


def _replaced(pattern: str, by: str, code: str) -> str:
    replaced, found = re.subn(pattern, by, code, flags=re.MULTILINE)
    if not found:
        here = "functions/noukai_functions/build/validators/bounded_code.py"
        raise RuntimeError(
            f"fastjsonschema's code has no {pattern}: adapt {here}, which is made for {MADE_FOR}"
        )
    return replaced
