"""The tokens of an identity provider, which the authorizer verifies; it has an asset of its own."""
