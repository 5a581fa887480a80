"""Functions that rules invoke at fixed times."""
