"""The submission of inputs, one or many, uploaded where they are large."""
