"""The libraries in the assets: their selection, source and pruning."""
