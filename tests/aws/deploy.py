"""Deploys a SAM template to an endpoint: deploy.py TEMPLATE CODE_FOLDER STACK ENDPOINT PARAMETERS

The folder holds the zips, by the names that `CodeUri` gives them; PARAMETERS is JSON. Does what `sam deploy` does:
uploads code and template, translates with SAM's own translator, creates the stack, and waits. Prints
{"outputs": {…}, "resources": {logical: physical}, "code": {logical: [bucket, key]}}.
"""

import json
import os
import pathlib
import sys
import time

REGION = "us-east-1"
os.environ.update(
    AWS_CONFIG_FILE="/dev/null",  # never a person's own profile
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_DEFAULT_REGION=REGION,  # the translator asks for one
)
import boto3
from botocore.config import Config
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Every role of the template is its own: there is nothing to look up."""

    def load(self):
        return {}


def main(path, code, stack, endpoint, parameters):
    parameters = json.loads(parameters)
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "testsecret"}
    session = boto3.Session(region_name=REGION, **root)
    s3, cloudformation = (session.client(name, endpoint_url=endpoint, config=config) for name in ("s3", "cloudformation"))
    bucket = f"{stack}-code"
    s3.create_bucket(Bucket=bucket)
    template = yaml_parse(pathlib.Path(path).read_text())
    # It denies what does not come by TLS; the emulator speaks plain HTTP.
    del template["Resources"]["UploadsBucketPolicy"]
    uploaded = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            key = pathlib.Path(resource["Properties"]["CodeUri"]).name
            s3.put_object(Bucket=bucket, Key=key, Body=(pathlib.Path(code) / key).read_bytes())
            resource["Properties"]["CodeUri"] = f"s3://{bucket}/{key}"
            uploaded[name] = [bucket, key]
    plain = transform(template, dict(parameters), NoManagedPolicies())
    # By URL, since a template in the request itself may have only 51,200 bytes.
    s3.put_object(Bucket=bucket, Key="template.json", Body=json.dumps(plain).encode())
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{endpoint}/{bucket}/template.json",
        OnFailure="DO_NOTHING",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()],
    )
    created = wait(cloudformation, stack)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
    print(
        json.dumps(
            {
                "outputs": {output["OutputKey"]: output["OutputValue"] for output in created.get("Outputs", [])},
                "resources": {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in summaries},
                "code": uploaded,
            }
        )
    )


def wait(cloudformation, stack):
    while True:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if not described["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.1)
    if described["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if "FAILED" in event["ResourceStatus"]
        ]
        sys.exit(f"{described['StackStatus']} {described.get('StackStatusReason', '')}\n" + "\n".join(failed))
    return described


if __name__ == "__main__":
    main(*sys.argv[1:])
