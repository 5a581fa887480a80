"""The input and output: drivers that perform operations, and the connections and that they use."""
