"""The code that runs inside a flow process: it loads a project, runs its flows and restores what they changed."""
