"""The stack: a construct for each part of the system."""
