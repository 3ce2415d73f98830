"""Signing in and incidents, as people use them."""

import re

from browser import BASE, LOOKS, PHONE, Pages, api, post_alert
from playwright.sync_api import expect


class SigningIn(Pages):
    def setUp(self):
        Pages.session = []

    def test_the_way_back_leads_to_the_page_that_was_asked_for(self):
        page = self.sign_in(self.open(), "/?status=all")
        expect(page.get_by_role("link", name="All", exact=True)).to_have_attribute("aria-current", "page")

    def test_a_wrong_password_is_told_and_the_address_kept(self):
        page = self.open()
        page.goto(BASE + "/sign-in")
        page.get_by_label("E-mail address").fill("owner@example.com")
        page.get_by_label("Password").fill("not this one")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        expect(page.get_by_label("E-mail address")).to_have_value("owner@example.com")
        expect(page.get_by_label("Password")).to_be_focused()

    def test_it_looks_right(self):
        for size, name, scheme in LOOKS:
            page = self.open(size, scheme)
            page.goto(BASE + "/sign-in")
            self.assert_fit_for_people(page, f"sign-in-{name}-{scheme}")

    def test_signing_out_ends_it(self):
        page = self.sign_in(self.open())
        page.locator("summary", has_text="You:").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(BASE + "/sign-in")
        page.goto(BASE + "/")
        self.assertIn("/sign-in", page.url)


class Incidents(Pages):
    def test_an_alert_appears_by_itself_and_keys_answer_it(self):
        page = self.sign_in(self.open())
        post_alert("live", "Queue is growing", severity="critical")
        row = page.locator(".row", has_text="Queue is growing")
        expect(row).to_be_visible()
        expect(page).to_have_title(re.compile(r"^\(\d+\) "))
        row.locator(".title").focus()
        page.keyboard.press("a")
        expect(row.locator(".badge")).to_have_text("Taken by you")
        # What somebody else changes arrives, too.
        post_alert("live", "Queue is growing", severity="critical")
        expect(row).to_contain_text("×2")
        row.locator(".title").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Queue is growing")
        page.keyboard.press("r")
        expect(page.locator(".banner")).to_contain_text("Resolved by you")
        expect(page.get_by_role("heading", name="More to do")).to_have_count(0)

    def test_ticked_ones_are_answered_together_and_stay_ticked_meanwhile(self):
        for n in range(3):
            post_alert(f"bulk-{n}", f"Bulk {n}", severity="error")
        page = self.sign_in(self.open(), "/?status=open&q=bulk")
        for n in (0, 2):
            page.get_by_label(f"Tick Bulk {n}").check()
        post_alert("bulk-3", "Bulk 3", severity="error")
        expect(page.locator(".row", has_text="Bulk 3")).to_be_visible()
        expect(page.get_by_label("Tick Bulk 2")).to_be_checked()
        expect(page.get_by_label("Tick Bulk 1")).not_to_be_checked()
        page.get_by_role("button", name="Resolve ticked").click()
        expect(page.locator(".row")).to_have_count(2)
        expect(page.locator(".row", has_text="Bulk 1")).to_be_visible()

    def test_a_note_that_is_being_written_outlives_updates(self):
        incident = post_alert("note", "Certificate expires", severity="warning")
        page = self.sign_in(self.open(PHONE), f"/incidents/{incident}")
        page.get_by_role("textbox", name="Note").fill("Renewing it")
        post_alert("note", "Certificate expires", severity="warning")
        expect(page.locator("#live")).to_contain_text("2, repeats included")
        expect(page.get_by_role("textbox", name="Note")).to_have_value("Renewing it")
        page.get_by_role("button", name="Add the note").click()
        expect(page.locator(".note")).to_have_text("Renewing it")

    def test_nothing_needs_a_script(self):
        post_alert("plain", "Plain and simple", severity="error")
        page = self.sign_in(self.open(PHONE, java_script_enabled=False), "/?status=open&q=plain")
        page.get_by_role("button", name="Acknowledge Plain and simple").click()
        expect(page.locator(".badge")).to_have_text("Taken by you")
        page.get_by_role("link", name="Plain and simple").click()
        page.get_by_role("button", name="Resolve").click()
        expect(page.locator(".banner")).to_contain_text("Resolved by you")

    def test_what_changed_before_the_first_question_is_seen(self):
        incident = post_alert("early", "Early")
        page = self.sign_in(self.open(), f"/incidents/{incident}")
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()

        def answer_first(route):
            api("POST", f"/api/v1/incidents/{incident}/acknowledge")
            route.continue_()

        page.route("**/*part=live*", answer_first, times=1)
        page.reload()
        expect(page.get_by_role("button", name="Acknowledge")).to_be_hidden()

    def test_a_silent_server_is_told(self):
        page = self.sign_in(self.open())
        page.route("**/*part=live*", lambda route: route.abort())
        expect(page.get_by_role("status")).to_contain_text("may be out of date", timeout=20_000)
        page.unroute("**/*part=live*")
        expect(page.get_by_role("status")).to_have_count(0, timeout=20_000)

    def test_they_look_right(self):
        incident = post_alert(
            "looks", "Latency of checkout above two seconds for the last ten minutes, in eu-central-1 and us-east-1",
            severity="critical", source="gateway-7.eu-central-1.example.com", component="checkout",
            details={"p99": "2.4 s", "query": "histogram_quantile(0.99, sum(rate(request_seconds_bucket[5m])) by (le))"},
            links=[{"href": "https://example.com/graph?of=checkout", "text": "Graph"}],
        )
        post_alert("looks-2", "Certificate expires in 7 days", severity="info")
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme))
            self.assert_fit_for_people(page, f"incidents-{name}-{scheme}")
            page.goto(BASE + "/?status=open&q=nothing+like+this")
            self.assert_fit_for_people(page, f"nothing-found-{name}-{scheme}")
            page.goto(f"{BASE}/incidents/{incident}")
            self.assert_fit_for_people(page, f"incident-{name}-{scheme}")
        page = self.sign_in(self.open({"width": 320, "height": 640}))
        self.assert_fit_for_people(page, "incidents-smallest")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        self.assert_fit_for_people(page, "keys")
