"""The bundler: it makes the functions' assets from this repository, the locked dependencies and somebody's
flows.
"""
