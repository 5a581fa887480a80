"""The logs of jobs: what their flows print and log, masked, bounded, stored, and read in pages."""
