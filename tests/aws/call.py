"""A bridge to AWS's own client, one JSON object a line: call.py ENDPOINT

in:  {"service": "dynamodb", "operation": "get_item", "params": {…}, "role": "arn:…"}   (without role: as the root user)
out: {"result": {…}} or {"error": {"code": "…", "message": "…"}}
Bytes travel as {"$b64": "…"}, since text could not be told from them.
"""

import base64
import functools
import json
import os
import sys

os.environ.update(
    AWS_CONFIG_FILE="/dev/null",  # never a person's own profile
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_EC2_METADATA_DISABLED="true",
)
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ROOT = ("test", "testsecret", None)
# One attempt: a refusal is what a test wants to see.
CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=120, s3={"addressing_style": "path"})


@functools.cache
def client(service, key, secret, token):
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
    return boto3.Session().client(service, endpoint_url=sys.argv[1], region_name="us-east-1", config=CONFIG, **keys)


@functools.cache
def credentials(role):
    given = client("sts", *ROOT).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def with_bytes(value):
    if isinstance(value, dict):
        if set(value) == {"$b64"}:
            return base64.b64decode(value["$b64"])
        return {key: with_bytes(one) for key, one in value.items()}
    return [with_bytes(one) for one in value] if isinstance(value, list) else value


def as_json(value):
    if hasattr(value, "read"):  # the body of an object, or a function's answer
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return {"$b64": base64.b64encode(value).decode()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def answer(request):
    try:
        who = credentials(request["role"]) if request.get("role") else ROOT
        call = getattr(client(request["service"], *who), request["operation"])
        result = call(**with_bytes(request.get("params", {})))
        result.pop("ResponseMetadata", None)
        return {"result": result}
    except ClientError as error:
        return {"error": {"code": error.response["Error"]["Code"], "message": str(error)}}
    except (BotoCoreError, AttributeError, TypeError, KeyError, ValueError) as error:  # a wrong request of the test's
        return {"error": {"code": type(error).__name__, "message": str(error)}}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=as_json), flush=True)
