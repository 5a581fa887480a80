"""The bundler's error."""


class BundleError(Exception):
    """An error that prevents an asset; the message says what to correct."""
