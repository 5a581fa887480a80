"""The posting of webhooks: name, address, connection and answer, within one deadline."""
