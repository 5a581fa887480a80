"""The parsing of what people type: arguments, durations and times."""
