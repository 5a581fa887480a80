"""The answers that let web pages of other origins call the API and its bucket.

The gateway answers preflights itself, before any route, and replaces what the functions say about origins:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_s3 as s3

from noukai_infra.settings import Cors
from noukai_wire.routes import Route

REQUEST_HEADERS = (
    "authorization",
    "content-type",
    "content-encoding",
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "tracestate",
)
"""The headers that the functions read. Browsers allow `accept` and their own ones by themselves."""

ANSWER_HEADERS = (
    "x-request-id",
    "location",
    "retry-after",
    "retry-after-ms",
    "www-authenticate",
    "allow",
)
"""The headers of answers that a page may read, besides `content-type` and its like."""

UPLOAD_HEADERS = ("content-type", "x-amz-checksum-sha256")
"""The headers of an upload that a page states itself; the browser adds the length."""


def api_cors(cors: Cors | None) -> apigateway.CorsPreflightOptions | None:
    """Return the gateway's answer to preflights. Keys travel in a header, so no credentials are allowed."""
    if cors is None:
        return None
    methods = sorted({route.method for route in Route} | {"HEAD"})
    return apigateway.CorsPreflightOptions(
        allow_origins=list(cors.origins),
        allow_methods=[apigateway.CorsHttpMethod[method] for method in methods],
        allow_headers=list(REQUEST_HEADERS),
        expose_headers=list(ANSWER_HEADERS),
        max_age=Duration.seconds(cors.max_age),
    )


def bucket_cors(cors: Cors | None) -> list[s3.CorsRule] | None:
    """Return the rule of the bucket for presigned uploads and downloads."""
    if cors is None:
        return None
    return [
        s3.CorsRule(
            allowed_origins=list(cors.origins),
            allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.PUT],
            allowed_headers=list(UPLOAD_HEADERS),
            exposed_headers=["ETag"],
            max_age=cors.max_age,
        )
    ]
