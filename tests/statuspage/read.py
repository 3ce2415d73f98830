"""Reads a status page as those do who read Statuspage, and holds what it says against the contract.

    read.py URL       every JSON document of the page against v2.schema.json, and the feed by a parser of feeds

Prints what it read, as JSON: the summary and what the feed tells. A document that breaks the contract ends it.
"""

import copy
import json
import sys
import urllib.request
from pathlib import Path

import feedparser
from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(__file__).parent / "v2.schema.json").read_text())
DOCUMENTS = {
    "summary": "summary",
    "status": "status_document",
    "components": "components_document",
    "incidents": "incidents_document",
    "incidents/unresolved": "unresolved_document",
    "scheduled-maintenances": "maintenances_document",
    "scheduled-maintenances/upcoming": "upcoming_document",
    "scheduled-maintenances/active": "active_document",
}


def validator(name):
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"})


def hold(name, document):
    """Refuses a document that breaks the contract; and a contract that would take a broken one."""
    check = validator(name)
    errors = [f"{error.json_path}: {error.message}" for error in check.iter_errors(document)]
    if errors:
        sys.exit(f"{name}:\n  " + "\n  ".join(errors) + f"\n{json.dumps(document, indent=1)}")
    for place, broken in faults(document):
        if check.is_valid(broken):
            sys.exit(f"{name}: the schema takes a document that is wrong at {place}")


def faults(document, place=()):
    """The document with one thing wrong: every field left out, of another kind, and one more field in every object."""
    here = document
    for step in place:
        here = here[step]
    if isinstance(here, dict):
        if "incident" not in place:
            yield (*place, "+"), changed(document, (*place, "not_theirs"), 1)
        for name in here:
            yield (*place, name, "-"), changed(document, (*place, name))
            yield (*place, name), changed(document, (*place, name), {"of": "another kind"})
            yield from faults(document, (*place, name))
    elif isinstance(here, list):
        # One of a kind is enough.
        for number in range(min(len(here), 1)):
            yield from faults(document, (*place, number))
    elif isinstance(here, str) and place[-1] in ("status", "indicator", "impact", "old_status", "new_status"):
        yield place, changed(document, place, "unheard of")
    elif isinstance(here, str) and str(place[-1]).endswith("_at"):
        yield place, changed(document, place, here.replace(".", "+"))


def changed(document, place, *value):
    document = copy.deepcopy(document)
    here = document
    for step in place[:-1]:
        here = here[step]
    if value:
        here[place[-1]] = value[0]
    else:
        del here[place[-1]]
    return document


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers, answer.read()


def page(url):
    read = {}
    for path, name in DOCUMENTS.items():
        headers, body = get(f"{url}/api/v2/{path}.json")
        assert headers["content-type"] == "application/json; charset=utf-8", headers
        assert headers["access-control-allow-origin"] == "*", headers
        read[path] = json.loads(body)
        hold(name, read[path])
    summary = read["summary"]
    # Documents of one writing agree with one another.
    assert summary["status"] == read["status"]["status"], read
    assert summary["components"] == read["components"]["components"], read
    assert summary["incidents"] == read["incidents/unresolved"]["incidents"], read
    open_work = read["scheduled-maintenances/active"]["scheduled_maintenances"] + read["scheduled-maintenances/upcoming"]["scheduled_maintenances"]
    assert sorted(one["id"] for one in summary["scheduled_maintenances"]) == sorted(one["id"] for one in open_work), read
    return {"summary": summary, "incidents": read["incidents"]["incidents"],
            "maintenances": read["scheduled-maintenances"]["scheduled_maintenances"], "feed": feed(url)}


def feed(url):
    headers, body = get(f"{url}/history.atom")
    parsed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
    # A parser that forgives much tells by this what it had to forgive.
    assert not parsed.bozo, parsed.bozo_exception
    assert parsed.version == "atom10", parsed.version
    about = parsed.feed
    assert about.title and about.id and about.updated_parsed, about
    assert {link.rel: link.href for link in about.links} == {"alternate": url, "self": f"{url}/history.atom"}, about.links
    for entry in parsed.entries:
        assert entry.id == entry.link and entry.link.startswith(f"{url}/incidents/"), entry
        assert entry.title and entry.published_parsed <= entry.updated_parsed, entry
        assert entry.content[0].type == "text/html" and entry.content[0].value, entry
    assert len({entry.id for entry in parsed.entries}) == len(parsed.entries)
    return [{"title": entry.title, "content": entry.content[0].value} for entry in parsed.entries]


if __name__ == "__main__":
    print(json.dumps(page(sys.argv[1])))
