"""The input and output: drivers that perform operations, and the connections that they use."""
