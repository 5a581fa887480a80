"""The settings of worker kinds that have a file of their own, and of warm environments."""
