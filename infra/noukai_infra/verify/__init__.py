"""The checks of a deployed stack, for what only AWS shows: `noukai verify`."""
