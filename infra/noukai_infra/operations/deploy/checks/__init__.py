"""The checks of what a deployment needs and does not make itself."""
