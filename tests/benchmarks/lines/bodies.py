"""Lines about request bodies."""

from __future__ import annotations

import json

from line import Ask, Headers, Line, is_json, is_text
from work import FIELDS, UPLOAD

BOUNDARY = b"----benchmark0123456789"
FORM = b"&".join(name.encode() + b"=value+of+%C3%A9" for name in FIELDS)
MULTIPART = b"".join(
    [
        b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="a.bin"',
        b"\r\nContent-Type: application/octet-stream\r\n\r\n" + UPLOAD,
        b"\r\n--" + BOUNDARY + b"--\r\n",
    ]
)
DOCUMENT = {f"key{number:02}": ["text", number, None, True] for number in range(30)}
JSON = json.dumps(DOCUMENT).encode()  # 1 KiB


def _content(kind: bytes, body: bytes) -> Headers:
    return ((b"content-type", kind), (b"content-length", str(len(body)).encode()))


_FORM = Ask(method="POST", body=FORM, headers=_content(b"application/x-www-form-urlencoded", FORM))
_MULTIPART = Ask(
    method="POST",
    body=MULTIPART,
    headers=_content(b"multipart/form-data; boundary=" + BOUNDARY, MULTIPART),
)
_JSON = Ask(method="POST", body=JSON, headers=_content(b"application/json", JSON))

BODIES = (
    Line("form", "urlencoded form, 5 fields", 1.4, _FORM, is_text(", ".join(["value of é"] * 5))),
    Line(
        "multipart",
        "multipart, 1 MiB file",
        1.2,
        _MULTIPART,
        is_text(str(len(UPLOAD))),
        count=8,
    ),
    Line("json_body", "JSON body 1 KiB, echoed", 1.3, _JSON, is_json(DOCUMENT)),
)
