"""The HTTP border: requests of the gateway, answers of the contract, and the codes of errors."""
