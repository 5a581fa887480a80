"""The submission of inputs, one or many, small or large."""
