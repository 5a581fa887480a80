"""The HTTP border: gateway requests, the contract's answers, and error codes."""
