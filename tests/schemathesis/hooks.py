"""What schemathesis is told about this API that the description has no words for."""

import atexit
import itertools
import json
import os
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st

# The run acts with this token, as this owner. Without them every answer is 401 or 403, and nothing would be tested.
OWN = os.environ["NIGHTBELL_OWN_IDS"].split(",")
OWNER = OWN[0]
CONTACTS = dict(
    zip(
        ("POST /api/v1/contacts/{id}/test", "PATCH /api/v1/contacts/{id}"),
        (id for id in OWN if id.startswith("con_")),
        strict=True,
    )
)
# Incidents that are over: the postmortem of the first is whole and stays, that of the second is drafted, written and removed.
POSTMORTEM = "/api/v1/incidents/{id}/postmortem"
PUBLISHABLE, WRITABLE = [id for id in OWN if id.startswith("inc_")]
OVER = {
    f"GET {POSTMORTEM}": PUBLISHABLE,
    f"POST {POSTMORTEM}/publish": PUBLISHABLE,
    f"POST {POSTMORTEM}": WRITABLE,
    f"PATCH {POSTMORTEM}": WRITABLE,
    f"DELETE {POSTMORTEM}": WRITABLE,
}
# One token may make 960 requests a minute, and this asks faster: it takes turns with several of the same person's.
TOKEN = f"Bearer {os.environ['NIGHTBELL_TOKEN']}"
TOKENS = itertools.cycle([TOKEN, *(f"Bearer {token}" for token in os.environ["NIGHTBELL_TOKENS_TOO"].split())])
ID = re.compile(r"^(inc|svc|int|pol|usr|con|chn|tea|tok|pag|cmp|pst|upd|mnt|sub)_[0-7][0-9a-hjkmnp-tv-z]{25}$")
# Ids that answers held, by kind, newest last.
KNOWN = defaultdict(list)
# What kind a contact or channel is of.
KINDS = {}
# The page that a subscriber is of, and the post or the maintenance that an update is of.
PAGES = {}
WHOLES = {}
NUMBERS = itertools.count(1)
# How often each operation was answered with which status, for whoever asks whether anything was tested.
ANSWERS = defaultdict(Counter)


@atexit.register
def tell():
    with open(os.environ["NIGHTBELL_ANSWERS"], "w") as file:
        json.dump(ANSWERS, file)



# It writes nothing but letters and digits into headers that it makes from a pattern, and no tag is without quotes.
schemathesis.openapi.format("entity-tags", st.sampled_from(["*", '"1"', '"1", "2", "3"', 'W/"1"', '"x"']))
# `localtime` is no zone's name: it is the file in which a machine keeps its own.
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(available_timezones() - {"localtime"})))


def ids_in(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, str) and ID.match(value):
        yield value


def known(value, place=0):
    """The same with ids that exist in the place of ids that were drawn, which practically never do."""
    if isinstance(value, dict):
        return {name: known(item, place) for name, item in value.items()}
    if isinstance(value, list):
        # No two alike where they were not.
        return [known(item, place) for place, item in enumerate(value)]
    if isinstance(value, str) and ID.match(value) and value not in KNOWN[value[:3]]:
        there = KNOWN[value[:3]][-8:]
        # Some stay as they are: what is not there has its answers, too.
        if len(there) > place and int(value[-1], 36) % 4:
            return there[(int(value[-2], 36) + place) % len(there)]
    return value


def address_of(kind):
    number = next(NUMBERS)
    return {
        "sms": f"+1202555{number % 10000:04}",
        "voice": f"+1202556{number % 10000:04}",
        "email": f"{number}@example.com",
        "webhook": f"https://example.com/{number}",
        "slack": f"https://hooks.slack.com/services/{number}",
    }.get(kind, str(number))


def possible(case):
    """A body that is as described, made one that can be: of what is there, of times ahead, with an address of its kind."""
    body = known(case.body)
    if not isinstance(body, dict) or next(NUMBERS) % 4 == 0:
        return body
    if "until" in body:
        body["until"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    if "starts_at" in body and "ends_at" in body:
        body["starts_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body["ends_at"] = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    if body.get("expires_at"):
        body["expires_at"] = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    if "address" in body and case.method.upper() == "POST":
        body["address"] = address_of(body.get("kind") or body["channel"])
    elif "address" in body:
        # Kind and person are fixed.
        body = {"address": address_of(KINDS.get(case.path_parameters.get("id")))}
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    for headers in (case.headers, kwargs.get("headers")):
        if headers and headers.get("Authorization") == TOKEN:
            headers["Authorization"] = next(TOKENS)
    if case.path_parameters:
        case.path_parameters = {name: known(value) for name, value in case.path_parameters.items()}
        # What is within another thing is asked for there.
        for inner, outer in (("subscriber_id", PAGES), ("update_id", WHOLES)):
            if case.path_parameters.get(inner) in outer:
                case.path_parameters["id"] = outer[case.path_parameters[inner]]
        kind = "mnt_" if "/maintenances/" in case.operation.path else "pst_"
        if "update_id" in case.path_parameters and not case.path_parameters["id"].startswith(kind):
            of_kind = [one for one in WHOLES.items() if one[1].startswith(kind)]
            if of_kind:
                case.path_parameters["update_id"], case.path_parameters["id"] = of_kind[-1]
        # Who the run acts as is neither changed nor removed.
        if case.method.upper() in ("PATCH", "DELETE") and case.path_parameters.get("id") in OWN:
            case.path_parameters["id"] = case.path_parameters["id"][:4] + "0" * 26
        # Of their contacts one is changed, and another stays verified (no made-up code verifies any) for messages to be tried.
        if case.operation.label in CONTACTS and next(NUMBERS) % 2:
            case.path_parameters["id"] = CONTACTS[case.operation.label]
        if case.operation.label in OVER and next(NUMBERS) % 2:
            case.path_parameters["id"] = OVER[case.operation.label]
    if case.meta and case.meta.generation.mode.is_positive:
        if isinstance(case.body, (dict, list)):
            case.body = possible(case)
        # Of those who are there, only the owner has a contact that is verified, and so can take another's place.
        if "substitute_id" in (case.query or {}) and next(NUMBERS) % 2:
            case.query["substitute_id"] = OWNER


@schemathesis.hook
def after_call(context, case, response):
    if response.request.method == case.operation.method.upper():
        ANSWERS[case.operation.label][response.status_code] += 1
    try:
        answer = response.json()
    except ValueError:
        return
    inmost = next((name for name in ("subscriber_id", "update_id") if name in case.path_parameters), "id")
    gone = case.path_parameters.get(inmost) if response.status_code == 404 else None
    if gone in KNOWN[str(gone)[:3]]:
        KNOWN[gone[:3]].remove(gone)
    if response.status_code >= 300:
        return
    for found in ids_in(answer):
        if found not in KNOWN[found[:3]] and (found not in OWN or found.startswith("con_")):
            KNOWN[found[:3]].append(found)
    for one in answer.get("items", [answer]):
        if "id" in one and "kind" in one:
            KINDS[one["id"]] = one["kind"]
        if str(one.get("id")).startswith("sub_"):
            PAGES[one["id"]] = one["page_id"]
        if str(one.get("id")).startswith(("pst_", "mnt_")):
            WHOLES.update((update["id"], one["id"]) for update in one["updates"])


# Faults of input that is as described, and still cannot be: what is there, and what time it is, no schema knows.
UNSAYABLE = [
    # References to what is not there.
    (r".*", r"there is no .*"),
    (r".*\.contact_id", r"is none of this person's contacts"),
    # Who can take somebody's place.
    (r"substitute_id", r"is the person who leaves|is a viewer, .*|cannot be reached yet: .*|would be in more than .*"),
    # What cannot be changed later, and is another than it is.
    (
        r"user_id|kind|scopes|expires_at|page_id|slug|is_group|started_at|resolved_at",
        r"cannot be changed; make another one instead",
    ),
    (r"is_default", r"cannot be taken away; .*"),
    # What is said when a thing is made, and later by an update.
    (r"body|status|deliver_notifications", r"is said by an update: .*"),
    # How long an update may be depends on what it says: a postmortem has four parts.
    (r"body", r"must have 1 to 4000 characters"),
    # What depends on another field, or on another thing.
    (r"group_id|held_status|resolved_at", r"must be null.*"),
    (r"automatic", r"must be false: no service .*"),
    (r"components\[\d+\]\.component_id|component_ids\[\d+\]|service_ids\[\d+\]", r"is there twice|there is no .*"),
    (r"slug", r"is another page's; take another name|was a page's .*; .*|must be .*, and not one of .*"),
    (r"domain", r"is another page's host"),
    (r"service_id", r"affects no component of this page"),
    # Colours by their contrast, pictures by their bytes, variables by their names.
    (r"look\..*", r".*"),
    # Cursors are opaque: only those that were given out are one.
    (r"after", r"is not the `next` of an earlier answer of this list"),
    # Times that have to be ahead, or behind.
    (
        r"at|started_at|resolved_at|start_date",
        r"must not be (in the future|before started_at|before the last change, .*)|must be at most five years ago",
    ),
    (r"ends_at", r"must be after starts_at, by at most 30 days|must be in the future"),
    (r"service_ids", r"must name a service whose alerts are to be held or quiet"),
    (r"cancelled", r"cannot be called off: it is over already"),
    (r"status", r"must be \"completed\" or left out: what is called off is over"),
    (r"until|expires_at", r"must be (in the future|within 7 days: .*)"),
    # Periods: one time and another.
    (r"from", r"must be before until|must be at most 92 days before until|must not be before 1970"),
    # Codes that were sent by message.
    (r"code", r"is wrong|was not asked for yet; .*|is older than .*|works no more; .*"),
    # What an address must look like depends on its kind; and each person has it once.
    (r"address", r"must be .*|is another of this person's contacts already|the URL.*|cannot be used: no provider .*"),
    # What this deployment can send by.
    (r"kind|channel", r"cannot be used: no provider is set up for it in this deployment"),
]


@schemathesis.check
def accepts_what_is_described(ctx, response, case):
    """What is as described is taken, or refused for a reason that a description cannot hold."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 413, 415):
        return
    errors = response.json().get("errors", [])
    for error in errors:
        is_known = any(re.fullmatch(f, error["field"]) and re.fullmatch(m, error["message"]) for f, m in UNSAYABLE)
        assert is_known, f"described, but refused: {error['field']}: {error['message']}"
    assert errors, f"described, but refused: {response.json()['detail']}"
