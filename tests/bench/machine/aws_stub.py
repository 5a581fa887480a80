"""DynamoDB and SQS as far as the functions notice: rows never change, and every write succeeds."""

import json
import zlib
from collections.abc import Mapping
from hashlib import md5
from ssl import SSLContext
from typing import Any

from tests.bench.machine.loopback import Handler, Server, json_bytes

Row = Mapping[str, Any]
Rows = Mapping[tuple[str, str], Row]


class AwsStub(Server):
    """A server of rows by table and key over TLS; a write is answered with the row in `changed`."""

    def __init__(self, rows: Rows, changed: Rows, context: SSLContext) -> None:
        super().__init__(_Handler, context)
        self.rows = rows
        self.changed = changed

    @property
    def url(self) -> str:
        """Return the endpoint of both services."""
        return f"https://{self.address}"

    def result(self, operation: str, request: Any) -> Any:  # noqa: PLR0911 - one for each kind of call
        """Answer one call."""
        match operation:
            case "GetItem":
                row = self.rows.get((request["TableName"], _key(request)))
                return {"Item": row} if row else {}
            case "UpdateItem" if request.get("ReturnValues") == "ALL_NEW":
                row = self.rows.get((request["TableName"], _key(request)))
                return {"Attributes": self.changed.get((request["TableName"], _key(request)), row)}
            case "BatchGetItem":
                ((table, asked),) = request["RequestItems"].items()
                found = [self.rows.get((table, key["id"]["S"])) for key in asked["Keys"]]
                return {"Responses": {table: [row for row in found if row]}, "UnprocessedKeys": {}}
            case "Query":
                partition = request["ExpressionAttributeValues"].get(":partition")
                stored = (row for (table, _), row in self.rows.items() if table == request["TableName"])
                rows = [row for row in stored if row.get("lp") == partition]
                return {"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}
            case "Scan":
                rows = [row for (table, _), row in self.rows.items() if table == request["TableName"]]
                return {"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}
            case "SendMessage":
                digest = md5(request["MessageBody"].encode(), usedforsecurity=False).hexdigest()
                return {"MessageId": "9f0c2a4e-6d0b-4c83-9f55-0d8f1e3c7a21", "MD5OfMessageBody": digest}
            case "SendMessageBatch":
                return {
                    "Successful": [
                        self.result("SendMessage", each) | {"Id": each["Id"]} for each in request["Entries"]
                    ]
                }
            case "ChangeMessageVisibilityBatch":
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}
            case "PutItem" | "UpdateItem":
                return {}
        raise ValueError(f"no function is known to call {operation}")


def _key(request: Any) -> str:
    return "/".join(attribute["S"] for attribute in request["Key"].values())


class _Handler(Handler):
    server: AwsStub

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        content = json_bytes(self.server.result(operation, json.loads(self.body())))
        self.answer(
            200,
            content,
            Content_Type=self.headers["Content-Type"],
            x_amzn_RequestId="4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG",
            x_amz_crc32=str(zlib.crc32(content)),
        )
