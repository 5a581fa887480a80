"""The address of the local API: its port, its host names, and the gateway behind them."""
