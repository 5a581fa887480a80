"""The versions that run: the canary of the workers, the way back, and the warm environments."""
