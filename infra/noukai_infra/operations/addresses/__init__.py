"""The API's own name: its certificate, and CloudFront before it."""
