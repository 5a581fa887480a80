"""The code that runs inside a flow process, which imports a project, runs its flows and undoes their changes."""
