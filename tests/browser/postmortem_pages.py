"""Postmortems, as people write them: drafted, written, published, put right, and read."""

import re
import uuid

from browser import BASE, DEMO, DESKTOP, LOOKS, PHONE, Pages, api, until
from playwright.sync_api import expect

PARTS = {
    "Causes": "A disk filled up with logs that nobody needed, and nothing said so before it was full.",
    "What we do next": "- Logs are kept for a week.\n- A disk that is four fifths full says so.",
}


class Postmortems(Pages):
    def setUp(self):
        """An incident that was told on a page of its own, and is over."""
        self.slug = f"l{uuid.uuid4().hex[:12]}"
        self.page_id = api("POST", "/api/v1/pages", {"name": "Acme Shop", "slug": self.slug})["id"]
        component = api("POST", "/api/v1/components", {"page_id": self.page_id, "name": "Checkout"})["id"]
        service = {"name": f"Service {self.slug}", "policy_id": DEMO["policy_id"],
                   "components": [{"component_id": component}], "publication": {"mode": "auto", "settle_seconds": 0}}
        service = api("POST", "/api/v1/services", service)["id"]
        opened = {"service_id": service, "title": "db-1.internal is out of disk", "severity": "critical"}
        self.incident = api("POST", "/api/v1/incidents", opened)["id"]
        posts = f"/api/v1/posts?page_id={self.page_id}"
        self.post = until(lambda: api("GET", posts)["items"])[0]["id"]
        api("POST", f"/api/v1/incidents/{self.incident}/acknowledge")
        api("POST", f"/api/v1/incidents/{self.incident}/resolve")
        until(lambda: api("GET", posts)["items"][0]["status"] == "resolved")
        self.path = f"/incidents/{self.incident}/postmortem"

    def write(self, **parts):
        api("POST", f"/api/v1{self.path}")
        api("PATCH", f"/api/v1{self.path}", {"causes": "Logs.", "next_steps": "Fewer.", **parts})

    def test_it_is_drafted_written_and_published_on_a_phone(self):
        page = self.sign_in(self.open(PHONE), f"/incidents/{self.incident}")
        page.get_by_role("link", name="Write a postmortem").click()
        page.get_by_role("button", name="Draft it").click()
        expect(page.get_by_label("What happened")).to_have_value(re.compile("We noticed problems with Checkout"))
        expect(page.get_by_text("Not written yet: Causes, What we do next")).to_be_visible()
        for label, words in PARTS.items():
            page.get_by_label(label).fill(words)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Publish it")).to_be_visible()
        # What was typed since is not left out by mistake.
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Impact").fill("Nobody could pay.")
        page.get_by_role("button", name="Publish it").click()
        expect(page.get_by_role("alert")).to_contain_text("Save what you wrote first")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Impact")).to_have_value("Nobody could pay.")
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Publish it").click()
        expect(page.get_by_text("The public reads what is written here")).to_be_visible()
        public = f"{BASE}/status/{self.slug}/incidents/{self.post}"
        until(lambda: "Nobody could pay." in page.request.get(public).text())
        page.goto(public)
        expect(page.get_by_role("heading", name="What we do next")).to_be_visible()
        expect(page.get_by_text("A disk that is four fifths full says so.")).to_be_visible()
        self.assert_fit_for_people(page, "postmortem-public-phone-light")
        self.sign_in(page, "/postmortems")
        page.get_by_role("link", name="db-1.internal is out of disk").first.click()
        expect(page.get_by_role("button", name="Save")).to_be_visible()

    def test_long_words_are_not_lost_by_a_click_elsewhere(self):
        self.write()
        page = self.sign_in(self.open(), self.path)
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.get_by_label("Causes").fill("Something that took an hour to write.")
        page.get_by_role("link", name="db-1.internal is out of disk").click()
        until(lambda: page.evaluate("true") and asked)
        self.assertEqual(asked, ["beforeunload"])
        expect(page.get_by_label("Causes")).to_have_value("Something that took an hour to write.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The postmortem is public")).to_be_visible()
        until(lambda: api("GET", f"/api/v1{self.path}")["causes"] == "Something that took an hour to write.")
        self.assertEqual(asked, ["beforeunload"])

    def test_what_nobody_touched_is_left_without_a_question(self):
        self.write(post_id=None)
        page = self.sign_in(self.open(), self.path)
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        # Chromium asks only whoever did something on the page.
        page.get_by_label("Causes").click()
        page.get_by_role("link", name="db-1.internal is out of disk").click()
        page.wait_for_url(f"**/incidents/{self.incident}")
        self.assertEqual(asked, [])

    def test_two_who_write_do_not_overwrite_each_other(self):
        self.write()
        page = self.sign_in(self.open(), self.path)
        page.get_by_label("Causes").fill("Mine.")
        self.write(causes="Another's.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Somebody changed this meanwhile")
        self.assertEqual(api("GET", f"/api/v1{self.path}")["causes"], "Another's.")
        # The page asks before what was typed is lost.
        page.on("dialog", lambda dialog: dialog.accept())

    def test_it_is_read_without_scripts(self):
        self.write()
        page = self.sign_in(self.open(PHONE, java_script_enabled=False), self.path)
        expect(page.get_by_label("What happened")).to_have_value(re.compile("We noticed problems with Checkout"))
        expect(page.get_by_text("Somebody took it")).to_be_visible()

    def test_every_look_is_fit_for_people(self):
        def look(what, path=self.path):
            for size, name, scheme in LOOKS:
                page = self.sign_in(self.open(size, scheme), path)
                self.assert_fit_for_people(page, f"postmortem-{what}-{name}-{scheme}")

        # Another that could be chosen, whose title is as long as a title may be.
        api("POST", "/api/v1/posts", {"page_id": self.page_id, "title": "Wide" * 32, "body": "It was.", "status": "resolved"})
        look("none")
        api("POST", f"/api/v1{self.path}")
        look("draft")
        self.write(impact="Ein-sehr-langes-Wort-das-nicht-umgebrochen-werden-will-" + "x" * 60, **{"post_id": None})
        look("no-post")
        api("PATCH", f"/api/v1{self.path}", {"post_id": self.post})
        look("ready")
        api("POST", f"/api/v1{self.path}/publish", {"deliver_notifications": False})
        look("published")
        look("list", "/postmortems")
        look("incident", f"/incidents/{self.incident}")
