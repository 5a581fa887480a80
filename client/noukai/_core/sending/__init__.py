"""The sending of inputs, however many and however large."""
