"""The alarms of a stack: their definitions and their construct."""
