"""The build of the catalog, its schemas and the OpenAPI document. It is never deployed."""
