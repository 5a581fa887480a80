"""The stack, its bundle and its deployment; names the functions' handlers as strings and runs none of them."""
