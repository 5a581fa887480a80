"""The libraries in the assets: which ones, from where, and what is pruned from them."""
