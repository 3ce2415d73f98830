"""Charts, trying things out, and somebody leaving, as people do it."""

import re

from browser import BASE, DEMO, LOOKS, PHONE, Pages, api, post_alert
from playwright.sync_api import expect


class Insights(Pages):
    def test_pictures_have_tables_and_look_right(self):
        for n in range(12):
            severity = ("critical", "error", "warning", "info")[n % 4]
            incident = post_alert(f"count-{n}", f"Queue {n % 3} of the shop is growing", severity=severity)
            if n % 2:
                api("POST", f"/api/v1/incidents/{incident}/acknowledge")
            if n % 3:
                api("POST", f"/api/v1/incidents/{incident}/resolve")
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), "/insights?days=7")
            self.assert_fit_for_people(page, f"insights-{name}-{scheme}")
            table = page.get_by_role("region", name="Incidents a day, as a table")
            expect(table).to_be_hidden()
            page.locator("summary", has_text="As a table: Incidents a day").click()
            expect(table.get_by_role("row")).to_have_count(8)
            self.assert_fit_for_people(page, f"insights-table-{name}-{scheme}")
        page.get_by_label("Period").select_option("90")
        page.get_by_role("combobox", name="Service").select_option(DEMO["service_id"])
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_label("Period")).to_have_value("90")
        expect(page.get_by_role("img", name="Incidents a day")).to_be_visible()
        page.get_by_role("link", name="Queue 1 of the shop is growing").click()
        expect(page.locator(".row").first).to_contain_text("Queue 1")

    def test_nothing_to_count_says_so_and_it_is_in_the_navigation(self):
        page = self.sign_in(self.open())
        page.get_by_role("link", name="Insights").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Insights")
        other = api("POST", "/api/v1/services", {"name": "Silent", "policy_id": DEMO["policy_id"]})
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), f"/insights?service_id={other['id']}")
            expect(page.get_by_text("No incident of this choice")).to_be_visible()
            self.assert_fit_for_people(page, f"insights-empty-{name}-{scheme}")
        api("DELETE", f"/api/v1/services/{other['id']}")


class TryingOut(Pages):
    def test_a_contact_is_tried_and_the_page_tells_what_came_of_it(self):
        page = self.sign_in(self.open(PHONE), "/settings")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Send a test: E-mail to").first.click()
        page.wait_for_url("**/tests/con_*")
        expect(page.locator("#live .badge").first).to_have_text("sent")
        self.assert_fit_for_people(page, "tests-phone-light")

    def test_a_channel_is_made_tried_and_given_to_another_team(self):
        team = api("POST", "/api/v1/teams", {"name": "Readers"})
        channel = api("POST", "/api/v1/channels", {"name": "Chat", "kind": "webhook", "address": "https://chat.example.invalid/hook"})
        page = self.sign_in(self.open(), "/channels")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Send a test to Chat").click()
        page.wait_for_url("**/tests/chn_*")
        expect(page.locator("#live .things li")).to_contain_text(re.compile("another try|failed for good"))
        self.assert_fit_for_people(page, "tests-desktop-light")
        page.goto(BASE + "/channels")
        row = page.locator("li", has_text="Chat")
        row.get_by_text("Change Chat").click()
        row.get_by_label("Team that owns it").select_option("Readers")
        with page.expect_navigation():
            row.get_by_role("button", name="Save").click()
        self.assertEqual(api("GET", f"/api/v1/channels/{channel['id']}")["team_id"], team["id"])
        api("DELETE", f"/api/v1/channels/{channel['id']}")
        api("DELETE", f"/api/v1/teams/{team['id']}")

    def test_an_integration_is_renamed_and_says_when_it_was_heard(self):
        post_alert("heard", "Heard", severity="info")
        page = self.sign_in(self.open(), f"/services/{DEMO['service_id']}")
        expect(page.get_by_text("Last heard").first).to_be_visible()
        first = page.locator(".things li").first
        name = first.get_by_role("heading").inner_text()
        first.get_by_text(f"Change {name}").click()
        first.get_by_label("Name").fill("Renamed")
        with page.expect_navigation():
            first.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Renamed")).to_be_visible()
        self.assert_fit_for_people(page, "service-heard-desktop-light")

    def test_dark_is_dark_on_a_light_screen_from_the_first_byte(self):
        page = self.sign_in(self.open(), "/settings")
        page.get_by_label("Colours").select_option("dark")
        page.get_by_role("button", name="Use these").click()
        expect(page.get_by_role("status")).to_contain_text("keeps to it")
        self.assertEqual(page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(13, 16, 20)")
        self.assert_fit_for_people(page, "settings-dark-on-light")


class Leaving(Pages):
    def test_an_admin_sets_up_somebody_and_somebody_leaves(self):
        person = api("POST", "/api/v1/users", {"name": "Lee Nguyen", "email": "lee@example.com", "role": "responder"})
        page = self.sign_in(self.open(PHONE), f"/people/{person['id']}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator("select[name=kind]").select_option("email")
        page.get_by_label("Number with +").fill("lee@example.com")
        page.get_by_role("button", name="Add the contact").click()
        expect(page.get_by_role("button", name="Send a code: E-mail to lee@example.com")).to_be_visible()
        page.get_by_role("button", name="Add a rule").first.click()
        page.get_by_label("By").first.select_option("E-mail to lee@example.com")
        with page.expect_navigation():
            page.get_by_role("button", name="Save the rules").click()
        self.assertEqual(len(api("GET", f"/api/v1/users/{person['id']}/notification-rules")["high"]), 1)
        page.get_by_role("button", name="Send an invitation").click()
        expect(page.get_by_role("status")).to_contain_text("on its way")
        self.assert_fit_for_people(page, "person-other-phone-light")
        step = {"escalate_after_seconds": 300, "targets": [{"user_id": person["id"]}]}
        policy = api("POST", "/api/v1/escalation-policies", {"name": "Evenings", "steps": [step]})
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), f"/people/{person['id']}/leave")
            expect(page.get_by_role("link", name="Evenings")).to_be_visible()
            self.assert_fit_for_people(page, f"leave-{name}-{scheme}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Substitute").select_option(DEMO["owner"]["id"])
        page.get_by_role("button", name="Remove Lee Nguyen").click()
        page.wait_for_url(BASE + "/people")
        expect(page.get_by_role("link", name="Lee Nguyen")).to_have_count(0)
        targets = api("GET", f"/api/v1/escalation-policies/{policy['id']}")["steps"][0]["targets"]
        self.assertEqual(targets, [{"user_id": DEMO["owner"]["id"]}])
        api("DELETE", f"/api/v1/escalation-policies/{policy['id']}")
