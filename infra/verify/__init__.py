"""The checks of a deployed stack: what an emulator does not show, and that the whole of it works."""
