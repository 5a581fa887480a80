"""The OpenAPI document, made from the wire's models and the flows' schemas."""
