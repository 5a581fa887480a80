"""The secrets of flows, which workers read from AWS."""
