"""The inside of a flow process: it loads a project, runs its flows and restores what they changed."""
