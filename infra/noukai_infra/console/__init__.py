"""The web console: its sources, and the step that makes the files of the API's asset from them."""
