"""The base of the constructs: what several of them share."""
