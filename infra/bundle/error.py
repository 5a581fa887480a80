"""The one error of the bundler."""


class BundleError(Exception):
    """An asset cannot be made of what was given; the message says what to mend."""
