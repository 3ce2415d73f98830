"""ministack, with what AWS's IAM looks at and ministack 1.5.33 does not.

Same environment, same command line. Without this, a role could not be refused another kind's rows:

1. `dynamodb:LeadingKeys` is absent there, so `ForAllValues:` holds whatever is asked; here it is read from the request,
   for a transaction item by item.
2. `ses:FromAddress` is absent there, and e-mail is judged on the resource `*`; on AWS it is the sender's identity.
3. `sqs:SendMessageBatch` is no action of IAM on AWS: it is judged as `sqs:SendMessage`.

A distribution is read at its aliases, too, and not at its own name alone; and its origin may be an HTTP API of the
emulator's own, which it refuses to look for outside.

It also lists e-mails with the headers they were sent with, which ministack drops; and takes about 90 of 100 ms off each
invocation, so that a story's waits are the product's: the Runtime API sends headers and body apart, and Nagle's algorithm
waits for the function's delayed acknowledgement; and a function that logs nothing is waited on.
"""

import contextvars
import http.server
import json
import os
import re

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import cloudfront, dynamodb, ses_v2

# Of e-mails, by their ids.
HEADERS = {}
ITEM_KEYS = contextvars.ContextVar("leading keys of the transaction item that is judged", default=None)
MAIL = contextvars.ContextVar("the e-mail that is judged", default=None)


def load(body):
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def text(value):
    return next(iter(value.values())) if isinstance(value, dict) and value else ""


def partition_attribute(table, index=None):
    described = dynamodb._tables.get(table.rsplit("/", 1)[-1]) or {}
    schemas = {one["IndexName"]: one["KeySchema"] for one in described.get("GlobalSecondaryIndexes") or []}
    schema = schemas.get(index) if index else described.get("KeySchema")
    return next((key["AttributeName"] for key in schema or [] if key["KeyType"] == "HASH"), None)


def leading_keys(request):
    """The partitions that a request names; None when it names none (a scan), so that the key stays absent."""
    found, table = [], request.get("TableName")
    if isinstance(table, str):
        partition = partition_attribute(table, request.get("IndexName"))
        row = request.get("Key") or request.get("Item") or {}
        if partition in row:
            found.append(text(row[partition]))
        names = request.get("ExpressionAttributeNames") or {}
        values = request.get("ExpressionAttributeValues") or {}
        for name, value in re.findall(r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""):
            if names.get(name, name) == partition:
                found.append(text(values.get(value)))
    for name, wanted in (request.get("RequestItems") or {}).items():
        partition = partition_attribute(name)
        keys = wanted.get("Keys", []) if isinstance(wanted, dict) else []
        found += [text(key[partition]) for key in keys if partition in key]
    return found or None


class Checks(list):
    """(action, table) pairs that leave the keys of the item they stand for behind while they are walked."""

    def __iter__(self):
        for check, keys in super().__iter__():
            ITEM_KEYS.set(keys)
            yield check
        ITEM_KEYS.set(None)


context_of = iam_actions.dynamodb_service_context
checks_of = iam_actions.dynamodb_transaction_checks
enforce = iam_evaluator.enforce
enforce_mail = app._enforce_ses_v2


def context_with_keys(body):
    ITEM_KEYS.set(None)
    found = leading_keys(load(body))
    return {**context_of(body), **({"dynamodb:LeadingKeys": found} if found else {})}


def checks_with_keys(action, body, region, account):
    keys = [
        leading_keys(item[kind])
        for item in load(body).get("TransactItems") or []
        if isinstance(item, dict)
        for kind in iam_actions._DYNAMODB_TRANSACT_ITEM_ACTIONS
        if isinstance(item.get(kind), dict) and item[kind].get("TableName")
    ]
    return Checks(zip(checks_of(action, body, region, account), keys))


def enforce_as_aws(access_key, action, service, region, resource_arn="*", service_context=None):
    context = dict(service_context or {})
    if service == "dynamodb" and ITEM_KEYS.get():
        context["dynamodb:LeadingKeys"] = ITEM_KEYS.get()
    if service == "sesv2" and MAIL.get() and action == "ses:SendEmail":
        address = re.sub(r".*<(.*)>.*", r"\1", MAIL.get())
        context["ses:FromAddress"] = address
        resource_arn = f"arn:aws:ses:{region}:000000000000:identity/{address}"
    if service == "sqs" and action.endswith("Batch"):
        action = action.removesuffix("Batch")
    return enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=context)


def enforce_mail_as_aws(method, path, headers, body, *rest):
    MAIL.set(load(body).get("FromEmailAddress"))
    return enforce_mail(method, path, headers, body, *rest)


async def send_mail(method, path, headers, body, query):
    answer = await handle_mail(method, path, headers, body, query)
    simple = (load(body).get("Content") or {}).get("Simple") or {}
    if simple.get("Headers") and answer[0] == 200:
        HEADERS[load(answer[2])["MessageId"]] = {one["Name"]: one["Value"] for one in simple["Headers"]}
    return answer


async def list_mails(*request):
    answer = await list_mails_bare(*request)
    if answer is None or answer[0] != 200:
        return answer
    listed = json.loads(answer[2])
    for mail in (mail for mails in listed["messages"].values() for mail in mails):
        mail["Headers"] = HEADERS.get(mail["MessageId"], {})
    return *answer[:2], json.dumps(listed).encode()


handle_mail, ses_v2.handle_request = ses_v2.handle_request, send_mail
list_mails_bare, app._handle_ses_messages_request = app._handle_ses_messages_request, list_mails
iam_actions.dynamodb_service_context = context_with_keys
iam_actions.dynamodb_transaction_checks = checks_with_keys
iam_evaluator.enforce = enforce_as_aws
app._enforce_ses_v2 = enforce_mail_as_aws
http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True
label_of = app._parse_cloudfront_dataplane_host


def label_by_alias(host):
    label = label_of(host)
    name = host.split(":")[0].lower()
    for distribution in () if label else cloudfront._distributions.values():
        if name in cloudfront._get_distribution_aliases(distribution):
            return distribution["DomainName"].split(".")[0].lower()
    return label


forward = cloudfront._forward_to_origin


def forward_here(origin, method, uri, *rest, **others):
    api, is_api, _ = origin["domain_name"].partition(".execute-api.")
    if is_api:
        here = {"domain_name": "127.0.0.1", "http_port": int(os.environ["GATEWAY_PORT"]), "protocol_policy": "http-only"}
        origin, uri = {**origin, **here}, f"/_aws/execute-api/{api}/$default{uri}"
    return forward(origin, method, uri, *rest, **others)


app._parse_cloudfront_dataplane_host = label_by_alias
cloudfront._forward_to_origin = forward_here
# (First line, idle, cap) in seconds; a line that comes later is logged with the next invocation.
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.005, 0.002, 0.25)

if __name__ == "__main__":
    app.main()
