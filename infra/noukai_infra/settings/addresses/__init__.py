"""The groups of settings about the names of the API and the pages that call it."""
