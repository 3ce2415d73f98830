"""Everything that is configured, as people do it."""

import time

from browser import BASE, DEMO, LOOKS, PHONE, Pages, api
from playwright.sync_api import expect

PATHS = [
    "/on-call", "/services", "/services/new", f"/services/{DEMO['service_id']}", "/policies", "/policies/new",
    f"/policies/{DEMO['policy_id']}", "/people", f"/people/{DEMO['owner']['id']}", "/pages", "/teams", "/channels", "/more", "/audit",
    "/outbox", "/settings",
]


def newest_message_to(address):
    messages = api("GET", "/api/v1/outbox")["items"]
    return next((message for message in messages if message["to"] == address), None)


class Configuration(Pages):
    def test_every_page_looks_right(self):
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme))
            for path in PATHS:
                page.goto(BASE + path)
                words = path.strip("/").split("/")
                self.assert_fit_for_people(page, "-".join(word for word in words if "_" not in word) + f"-{len(words)}-{name}-{scheme}")

    def test_a_service_is_made_and_the_key_of_its_sender_is_told_once(self):
        page = self.sign_in(self.open(PHONE), "/services/new")
        page.get_by_label("Name").fill("Search")
        page.get_by_role("button", name="Make the service").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Search")
        page.get_by_label("Name").first.fill("Grafana")
        page.get_by_label("What its sender speaks").select_option("generic")
        page.get_by_role("button", name="Add the integration").click()
        dialog = page.get_by_role("dialog")
        self.assertIn("/hooks/", dialog.get_by_label("Where to send").input_value())
        dialog.get_by_role("button", name="I have it").click()
        expect(page.get_by_role("heading", name="Grafana")).to_be_visible()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Send a test alert from Grafana").click()
        expect(page.locator(".banner")).to_contain_text("Triggered")
        page.get_by_role("button", name="Resolve").click()
        expect(page.locator(".banner")).to_contain_text("Resolved by you")

    def test_what_is_wrong_is_said_beside_its_field(self):
        page = self.sign_in(self.open(), "/settings")
        page.get_by_label("Time zone").fill("Mars/Olympus")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Time zone")).to_be_focused()
        page.get_by_label("Time zone").fill("Europe/Berlin")
        with page.expect_navigation():
            page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")

    def test_a_contact_is_verified_by_the_code_that_arrives_there(self):
        page = self.sign_in(self.open(PHONE), "/settings")
        page.locator("select[name=kind]").select_option("email")
        page.get_by_label("Number with +").fill("second@example.com")
        page.get_by_role("button", name="Add the contact").click()
        page.get_by_role("button", name="Send a code").click()
        expect(page.get_by_label("The code that came")).to_be_visible()
        deadline = time.monotonic() + 15
        while not (message := newest_message_to("second@example.com")):
            self.assertLess(time.monotonic(), deadline, "no code came")
        code = "".join(filter(str.isdigit, message["subject"]))[:6]
        page.get_by_label("The code that came").fill(code)
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("button", name="Send a code")).to_have_count(0)

    def test_two_people_do_not_overwrite_each_other(self):
        first, second = self.sign_in(self.open(), "/teams"), self.sign_in(self.open(), "/teams")
        adding = first.locator("form", has=first.get_by_role("button", name="Add the team"))
        adding.get_by_label("Name").fill("Payments")
        adding.get_by_role("button").click()
        expect(first.get_by_text("Payments", exact=True)).to_be_visible()
        second.reload()
        for page, name in ((first, "Billing"), (second, "Checkout")):
            page.get_by_text("Rename Payments").click()
            page.locator("li", has_text="Payments").get_by_label("Name").fill(name)
            with page.expect_response(lambda answer: "/api/v1/teams/" in answer.url):
                page.locator("li", has_text="Payments").get_by_role("button", name="Rename").click()
        expect(second.get_by_role("alert")).to_contain_text("changed")
        first.reload()
        expect(first.locator("p.title", has_text="Billing")).to_be_visible()

    def test_the_audit_log_shows_only_what_changed_and_is_asked_by_kind(self):
        page = self.sign_in(self.open(PHONE), "/teams")
        adding = page.locator("form", has=page.get_by_role("button", name="Add the team"))
        adding.get_by_label("Name").fill("Night watch")
        adding.get_by_role("button").click()
        page.get_by_text("Rename Night watch").click()
        page.locator("li", has_text="Night watch").get_by_label("Name").fill("Day watch")
        page.locator("li", has_text="Night watch").get_by_role("button", name="Rename").click()
        expect(page.locator("p.title", has_text="Day watch")).to_be_visible()
        page.goto(BASE + "/audit")
        page.locator("select[name=object]").select_option("team")
        page.get_by_role("button", name="Show").click()
        entry = page.locator("details", has_text="changed the team Day watch").first
        entry.locator("summary").click()
        expect(entry.locator("tbody tr")).to_have_count(1)
        expect(entry.locator("tbody tr")).to_have_text("nameNight watchDay watch")
        expect(entry).to_contain_text("From 127.0.0.1.")
        expect(page.get_by_text("signed in")).to_have_count(0)
        self.assert_fit_for_people(page, "audit-open")

    def test_who_has_to_wait_is_told_so(self):
        page = self.sign_in(self.open(PHONE), "/settings")
        # Once in our words, once as whatever stands before us answers.
        ours = {"status": 429, "detail": "Too many requests. Try again in 2 seconds."}
        for body, words in ((ours, "Try again in 2 seconds."), ({"message": "Too Many Requests"}, "Try again in 60 seconds.")):
            page.route("**/api/v1/users/*", lambda route, _, body=body: route.fulfill(status=429, json=body))
            page.get_by_role("button", name="Save", exact=True).click()
            expect(page.get_by_role("alert").first).to_have_text(f"Too many requests. {words}")
            page.unroute("**/api/v1/users/*")
        page.goto(BASE + "/")
        page.route(lambda url: "part=live" in url, lambda route: route.fulfill(status=429, json={}))
        expect(page.locator("#stale")).to_contain_text("Too many requests: what you see may be out of date.")
