"""The bundler: it builds the functions' assets from this repository, locked dependencies and flows."""
