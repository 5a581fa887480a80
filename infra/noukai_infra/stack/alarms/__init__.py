"""The alarms of a stack: their definitions, their construct and the dashboard of what they watch."""
