"""Maintenances, as people do them: announced, ended early, called off, and what they keep from waking anybody."""

import datetime
import json
import re
import urllib.request
import uuid
import zoneinfo

from browser import BASE, DEMO, DESKTOP, LOOKS, PHONE, Pages, api
from playwright.sync_api import expect


class Maintenances(Pages):
    def setUp(self):
        """A page and a service of its own for each test."""
        slug = f"m{uuid.uuid4().hex[:12]}"
        self.page_id = api("POST", "/api/v1/pages", {"name": "Acme Shop", "slug": slug})["id"]
        for n, name in enumerate(["Website", "Checkout"]):
            api("POST", "/api/v1/components", {"page_id": self.page_id, "name": name, "position": n})
        self.name = f"Service {slug}"
        self.service = api("POST", "/api/v1/services", {"name": self.name, "policy_id": DEMO["policy_id"]})["id"]
        key = api("POST", "/api/v1/integrations", {"name": "Alerts", "service_id": self.service, "format": "generic"})
        self.key = key["key"]

    def list(self):
        return api("GET", f"/api/v1/maintenances?page_id={self.page_id}")["items"]

    def make(self, **fields):
        now = datetime.datetime.now(datetime.timezone.utc)
        body = {"page_id": self.page_id, "title": "New disks", "body": "We change disks.", "starts_at": now.isoformat(),
                "ends_at": (now + datetime.timedelta(hours=2)).isoformat(), "deliver_notifications": False,
                "service_ids": [self.service], "alerts": "hold", **fields}
        return api("POST", "/api/v1/maintenances", body)["id"]

    def test_one_is_announced_on_a_phone_in_the_readers_zone(self):
        own = f"/api/v1/users/{DEMO['owner']['id']}"
        api("PATCH", own, {"time_zone": "Europe/Berlin"})
        self.addCleanup(api, "PATCH", own, {"time_zone": "UTC"})
        # The browser itself is elsewhere.
        page = self.sign_in(self.open(PHONE, timezone_id="Asia/Tokyo"), f"/pages/{self.page_id}/maintenances")
        expect(page.get_by_text("No maintenance was ever announced")).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="Schedule maintenance").first.click()
        page.get_by_label("Title").fill("New disks")
        page.get_by_label("Words").fill("We change disks.")
        day = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
        page.get_by_label("It begins", exact=True).fill(f"{day}T22:00")
        page.get_by_label("It ends").fill(f"{day}T21:00")
        page.get_by_role("checkbox", name="Checkout").check()
        page.get_by_role("checkbox", name=self.name).check()
        page.get_by_label("Their alerts meanwhile").select_option("hold")
        page.get_by_role("button", name="Schedule it").click()
        expect(page.get_by_text("Must be after starts_at, by at most 30 days")).to_be_visible()
        self.assertEqual(self.list(), [])
        page.get_by_label("It ends").fill(f"{day}T23:30")
        page.get_by_role("button", name="Schedule it").click()
        page.wait_for_url(re.compile("/maintenances/mnt_"))
        (one,) = self.list()
        page.goto(f"{BASE}/pages/{self.page_id}")
        page.get_by_role("link", name="New disks").click()
        page.wait_for_url(re.compile(f"/maintenances/{one['id']}$"))
        begins = datetime.datetime.fromisoformat(f"{day}T22:00").replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
        self.assertEqual(datetime.datetime.fromisoformat(one["starts_at"]), begins)
        self.assertEqual((one["service_ids"], one["alerts"], len(one["component_ids"])), ([self.service], "hold", 1))
        expect(page.get_by_text("page nobody while it goes on")).to_be_visible()
        # (This switch leaves it undrawn, unlike a browser whose scripts are off.)
        self.assertIn("JavaScript is off.", page.content())
        # What cannot be sent is not put into the address either.
        page.get_by_label("Words").first.fill("A draft")
        page.get_by_role("button", name="Post the update").click()
        self.assertNotIn("draft", page.url)

    def test_what_it_holds_says_so_until_it_is_called_off(self):
        one = self.make()
        incident = self.alert()
        page = self.sign_in(self.open(DESKTOP), f"/incidents/{incident}")
        expect(page.get_by_text("Held until", exact=True)).to_be_visible()
        expect(page.locator("#live")).to_contain_text("nobody is paged while the maintenance \"New disks\" goes on")
        self.sign_in(page, f"/maintenances/{one}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Why, for the public").fill("Not today.")
        page.get_by_role("button", name="Call it off").click()
        expect(page.locator(".banner")).to_contain_text("Cancelled")
        self.sign_in(page, f"/incidents/{incident}")
        expect(page.locator("#live")).to_contain_text("The maintenance is over. Step 1 paged")
        expect(page.get_by_text("Held until", exact=True)).to_have_count(0)

    def test_it_says_by_itself_what_becomes_of_it(self):
        one = self.make()
        page = self.sign_in(self.open(), f"/maintenances/{one}")
        expect(page.get_by_role("button", name="Call it off")).to_be_visible()
        page.get_by_label("Where it stands").select_option("verifying")
        words = page.locator("form[data-follows]").first.get_by_label("Words")
        words.fill("Somebody writes this")
        page.get_by_label("Title").fill("Somebody types this")
        api("POST", f"/api/v1/maintenances/{one}/updates", {"body": "Half of it is done.", "deliver_notifications": False})
        expect(page.locator("#live")).to_contain_text("Half of it is done.")
        api("POST", f"/api/v1/maintenances/{one}/updates", {"body": "All of it is.", "status": "completed", "deliver_notifications": False})
        expect(page.locator(".banner")).to_contain_text("Completed")
        # What was typed stays; without it, the page is made anew, and what may be done no more is gone.
        expect(page.get_by_label("Title")).to_have_value("Somebody types this")
        expect(words).to_have_value("Somebody writes this")
        # What was chosen before that is not said any more: it would begin again.
        expect(page.get_by_label("Where it stands")).to_have_value("completed")
        expect(page.get_by_text("Yours now says “Completed”")).to_be_visible()
        with page.expect_navigation():
            page.get_by_role("button", name="Post the update").click()
        self.assertEqual([one["status"] for one in api("GET", f"/api/v1/maintenances/{one}")["updates"]][-2:], ["completed", "completed"])
        page.reload()
        expect(page.get_by_role("button", name="Call it off")).to_have_count(0)

    def test_it_is_ended_early_by_keys_alone(self):
        one = self.make()
        page = self.sign_in(self.open(DESKTOP), f"/maintenances/{one}")
        page.get_by_label("Words").focus()
        page.keyboard.type("All is done.")
        page.keyboard.press("Tab")
        page.keyboard.type("Completed")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Post the update")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".banner")).to_contain_text("Completed")
        self.assertEqual(self.list()[0]["status"], "completed")

    def test_words_are_corrected(self):
        one = self.make()
        page = self.sign_in(self.open(PHONE), f"/maintenances/{one}")
        page.get_by_role("link", name="Correct the words").last.click()
        page.get_by_role("textbox", name="Words").fill("We change all disks.")
        self.assert_fit_for_people(page, "maintenances-correct-phone-light")
        page.get_by_role("button", name="Correct it").click()
        page.wait_for_url(f"**/maintenances/{one}")
        expect(page.locator("#live")).to_contain_text("We change all disks.")

    def test_times_that_clocks_never_show_are_refused_and_those_they_show_twice_are_told(self):
        own = f"/api/v1/users/{DEMO['owner']['id']}"
        api("PATCH", own, {"time_zone": "Europe/Berlin"})
        self.addCleanup(api, "PATCH", own, {"time_zone": "UTC"})
        page = self.sign_in(self.open(DESKTOP), f"/pages/{self.page_id}/maintenances/new")
        begins = page.get_by_role("textbox", name="It begins")
        begins.fill("2027-03-28T02:30")
        expect(page.get_by_text("Clocks in Europe/Berlin are set forward then, and never show this time.")).to_be_visible()
        self.assertFalse(begins.evaluate("field => field.checkValidity()"))
        begins.fill("2027-10-31T02:30")
        expect(page.get_by_text("show this twice: the first time is meant, 2027-10-31 00:30 UTC.")).to_be_visible()
        begins.fill("2027-07-01T12:00")
        expect(page.get_by_text("2027-07-01 10:00 UTC")).to_be_visible()
        self.assertTrue(begins.evaluate("field => field.checkValidity()"))

    def test_every_look_is_fit_for_people(self):
        one = self.make(title="Ein-sehr-langes-Wort-das-nicht-umgebrochen-werden-will-" + "x" * 60)
        incident = self.alert()
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), f"/pages/{self.page_id}/maintenances")
            for path, what in [(f"/pages/{self.page_id}/maintenances", "list"), (f"/maintenances/{one}", "one"),
                               (f"/pages/{self.page_id}/maintenances/new", "new"), (f"/incidents/{incident}", "incident")]:
                self.sign_in(page, path)
                self.assert_fit_for_people(page, f"maintenances-{what}-{name}-{scheme}")

    def test_it_is_read_without_scripts(self):
        one = self.make()
        page = self.sign_in(self.open(PHONE, java_script_enabled=False), f"/maintenances/{one}")
        expect(page.get_by_text("We change disks.")).to_be_visible()
        expect(page.get_by_text("page nobody while it goes on")).to_be_visible()
        # (This switch leaves it undrawn, unlike a browser whose scripts are off.)
        self.assertIn("JavaScript is off.", page.content())
        # What cannot be sent is not put into the address either.
        page.get_by_label("Words").first.fill("A draft")
        page.get_by_role("button", name="Post the update").click()
        self.assertNotIn("draft", page.url)

    def alert(self):
        body = json.dumps({"summary": "Disk full", "dedup_key": uuid.uuid4().hex, "severity": "critical"}).encode()
        request = urllib.request.Request(f"{BASE}/hooks/{self.key}", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["incident_id"]
