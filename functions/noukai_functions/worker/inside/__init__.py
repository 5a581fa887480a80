"""The code inside a flow process, which imports a project, runs its flows and undoes their changes."""
