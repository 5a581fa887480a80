"""The health of a deployed stack: the commands `ops`."""
