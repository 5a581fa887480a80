"""The libraries in the assets."""
