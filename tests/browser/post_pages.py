"""What the public is told, by hand, as people do it: posts written, corrected, taken over, withdrawn and shared."""

import datetime
import re
import uuid
import zoneinfo

from browser import BASE, DEMO, DESKTOP, LOOKS, PHONE, Pages, api, until
from playwright.sync_api import expect


class Posts(Pages):
    def setUp(self):
        """A page of its own for each test, with components and a service that affects one."""
        slug = f"p{uuid.uuid4().hex[:12]}"
        self.page_id = api("POST", "/api/v1/pages", {"name": "Acme Shop", "slug": slug})["id"]
        self.slug = slug
        names = ["Website", "Checkout", "Payments", "Search", "E-mails", "Mobile app", "Partner API", "Reports"]
        self.components = {
            name: api("POST", "/api/v1/components", {"page_id": self.page_id, "name": name, "position": n})["id"]
            for n, name in enumerate(names)
        }
        service = {"name": f"Service {slug}", "policy_id": DEMO["policy_id"], "components": [
            {"component_id": self.components["Website"]}, {"component_id": self.components["Checkout"]}]}
        self.service = api("POST", "/api/v1/services", service)["id"]

    def publish(self, mode, settle_seconds=0):
        api("PATCH", f"/api/v1/services/{self.service}", {"publication": {"mode": mode, "settle_seconds": settle_seconds}})

    def trigger(self):
        body = {"service_id": self.service, "title": "db-1.internal is out of disk", "severity": "critical"}
        return api("POST", "/api/v1/incidents", body)["id"]

    def posts(self):
        return api("GET", f"/api/v1/posts?page_id={self.page_id}")["items"]

    def write(self, **fields):
        body = {"page_id": self.page_id, "title": "Problems with Checkout", "body": "We are looking into it.", **fields}
        return api("POST", "/api/v1/posts", body)["id"]

    def test_a_post_is_written_with_ready_words_on_a_phone(self):
        page = self.sign_in(self.open(PHONE), f"/pages/{self.page_id}/posts")
        expect(page.get_by_text("The public was never told of anything")).to_be_visible()
        page.get_by_role("link", name="Write a post").click()
        page.get_by_role("combobox", name="Checkout").select_option("Major outage")
        expect(page.get_by_label("Title")).to_have_value("Problems with Checkout")
        page.get_by_label("Start from").select_option("Cause found")
        expect(page.get_by_label("Where it stands")).to_have_value("identified")
        expect(page.get_by_role("textbox", name="Words")).to_have_value(re.compile("the problems with Checkout and are"))
        # What was filled in follows; what somebody typed does not.
        for name in ("Website", "Payments", "Search"):
            page.get_by_role("combobox", name=name).select_option("Partial outage")
        expect(page.get_by_role("textbox", name="Words")).to_have_value(re.compile("with Website, Checkout, Payments and 1 more and are"))
        page.get_by_label("Title").fill("Nobody can pay")
        page.get_by_role("combobox", name="Payments").select_option("Not affected")
        page.get_by_role("combobox", name="Search").select_option("Not affected")
        expect(page.get_by_role("textbox", name="Words")).to_have_value(re.compile("with Website and Checkout and are"))
        expect(page.get_by_label("Title")).to_have_value("Nobody can pay")
        self.assert_fit_for_people(page, "posts-new-filled-phone-light")
        page.get_by_role("button", name="Tell the public").click()
        page.wait_for_url(re.compile("/posts/pst_"))
        (post,) = self.posts()
        self.assertEqual((post["title"], post["status"], post["impact"]), ("Nobody can pay", "identified", "critical"))
        effects = {one["component_id"]: one["status"] for one in post["components"]}
        self.assertEqual(effects, {self.components["Website"]: "partial_outage", self.components["Checkout"]: "major_outage"})
        self.assertTrue(post["updates"][0]["deliver_notifications"])

    def test_what_is_wrong_is_said_beside_the_field(self):
        page = self.sign_in(self.open(), f"/pages/{self.page_id}/posts/new?over=yes")
        page.get_by_label("Title").fill("Reports were late")
        page.get_by_role("textbox", name="Words").fill("   ")
        page.get_by_label("It began").fill("2026-11-01T10:00")
        page.get_by_label("It was over").fill("2026-11-01T09:00")
        page.get_by_role("button", name="Publish it").click()
        expect(page.get_by_text("Must have 1 to 4000 characters")).to_be_visible()
        self.assert_fit_for_people(page, "posts-new-wrong-desktop-light")
        self.assertEqual(self.posts(), [])

    def test_whoever_is_signed_out_meanwhile_is_told_so_and_keeps_what_they_typed(self):
        page = self.sign_in(self.open(), f"/pages/{self.page_id}/posts/new")
        page.get_by_label("Title").fill("Reports are late")
        page.get_by_role("textbox", name="Words").fill("We look into it.")
        page.context.clear_cookies()
        page.get_by_role("button", name="Tell the public").click()
        expect(page.get_by_role("alert")).to_contain_text("You are signed out. Copy what you typed")
        expect(page.get_by_label("Title")).to_have_value("Reports are late")
        self.assertEqual(self.posts(), [])

    def test_it_is_told_afterwards_in_the_readers_zone_and_nobody_is_sent_anything(self):
        own = f"/api/v1/users/{DEMO['owner']['id']}"
        api("PATCH", own, {"time_zone": "Europe/Berlin"})
        self.addCleanup(api, "PATCH", own, {"time_zone": "UTC"})
        # The hour that clocks showed twice, and one after it. The browser itself is elsewhere.
        page = self.sign_in(self.open(PHONE, timezone_id="Asia/Tokyo"), f"/pages/{self.page_id}/posts/new?over=yes")
        page.get_by_label("Title").fill("Reports were late")
        page.get_by_role("textbox", name="Words").fill("Reports of the night came late.")
        page.get_by_label("It began").fill("2026-10-25T02:30")
        page.get_by_label("It was over").fill("2026-10-25T03:30")
        self.assert_fit_for_people(page, "posts-over-phone-light")
        page.get_by_role("button", name="Publish it").click()
        page.wait_for_url(re.compile("/posts/pst_"))
        (post,) = self.posts()
        self.assertEqual((post["started_at"], post["resolved_at"]), ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"))
        self.assertEqual((post["status"], post["updates"][0]["deliver_notifications"]), ("resolved", False))
        expect(page.locator("#live")).to_contain_text("25 Oct")

    def test_instants_are_those_that_clocks_of_a_zone_show(self):
        page = self.sign_in(self.open(timezone_id="America/New_York"), f"/pages/{self.page_id}/posts/new?over=yes")
        page.get_by_label("Title").fill("Times")
        page.get_by_role("textbox", name="Words").fill("Times.")
        sent = []
        page.route("**/api/v1/posts", lambda route: (sent.append(route.request.post_data_json), route.abort()))
        for zone in ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"):
            for wall in ("2026-03-08T02:30", "2026-03-29T03:30", "2026-06-01T00:00", "2026-10-25T02:30", "2026-11-01T01:15"):
                page.evaluate("zone => document.querySelectorAll('[data-zone]').forEach(at => { at.dataset.zone = zone })", zone)
                page.get_by_label("It began").fill(wall)
                page.get_by_label("It was over").fill(wall)
                local = datetime.datetime.fromisoformat(wall).replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=0)
                instant = local.astimezone(datetime.UTC)
                with self.subTest(zone=zone, wall=wall):
                    is_shown = instant.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
                    self.assertEqual(page.get_by_label("It began").evaluate("field => field.checkValidity()"), is_shown)
                    if not is_shown:
                        continue
                    page.get_by_role("button", name="Publish it").click()
                    expect(page.get_by_text("No connection")).to_be_visible()
                    self.assertEqual(sent[-1]["started_at"], instant.strftime("%Y-%m-%dT%H:%M:00.000Z"))

    def test_an_automatic_post_is_taken_over_and_what_is_typed_survives_what_happens_meanwhile(self):
        self.publish("auto")
        incident = self.trigger()
        post = until(self.posts)[0]["id"]
        page = self.sign_in(self.open(), f"/posts/{post}")
        expect(page.get_by_text("Nightbell writes this post by itself")).to_be_visible()
        self.assert_fit_for_people(page, "posts-automatic-desktop-light")
        words = page.get_by_role("textbox", name="Words")
        words.fill("Typed before anything else happened.")
        api("POST", f"/api/v1/incidents/{incident}/acknowledge")
        expect(page.get_by_text("Something was said or changed since you opened this")).to_be_visible()
        expect(page.locator("#live")).to_contain_text("Identified")
        expect(words).to_have_value("Typed before anything else happened.")
        with page.expect_navigation():
            page.get_by_role("button", name="Post the update").click()
        after = api("GET", f"/api/v1/posts/{post}")
        self.assertEqual((after["automatic"], after["updates"][-1]["body"]), (False, "Typed before anything else happened."))
        effects = {one["status"] for one in after["components"]}
        self.assertEqual(effects, {"major_outage"}, "carried over, unsaid")
        with page.expect_navigation():
            page.get_by_role("button", name="Give it back to Nightbell").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Take it over").click()
        self.assertFalse(api("GET", f"/api/v1/posts/{post}")["automatic"])

    def test_what_is_over_is_not_opened_again_by_a_tab_that_was_open_meanwhile(self):
        post = self.write(status="investigating", components=[{"component_id": self.components["Checkout"], "status": "partial_outage"}])
        page = self.sign_in(self.open(DESKTOP), f"/posts/{post}")
        words = page.get_by_role("textbox", name="Words")
        words.fill("We still look.")
        page.get_by_label("Where it stands").select_option("identified")
        api("POST", f"/api/v1/posts/{post}/updates", {"body": "It is over.", "status": "resolved", "deliver_notifications": False})
        expect(page.get_by_text("Yours now says “Resolved”; choose again if you mean another.")).to_be_visible()
        expect(page.get_by_label("Where it stands")).to_have_value("resolved")
        expect(words).to_have_value("We still look.")
        self.assert_fit_for_people(page, "posts-meanwhile-desktop-light")
        with page.expect_navigation():
            page.get_by_role("button", name="Post the update").click()
        self.assertEqual(api("GET", f"/api/v1/posts/{post}")["status"], "resolved")

    def test_what_is_sent_over_something_unseen_is_refused_and_kept(self):
        post = self.write(status="investigating")
        page = self.sign_in(self.open(DESKTOP), f"/posts/{post}")
        words = page.get_by_role("textbox", name="Words")
        words.fill("We still look.")
        # The page itself learns nothing of it.
        page.route("**/*part=live*", lambda route: route.abort())
        api("POST", f"/api/v1/posts/{post}/updates", {"body": "It is over.", "status": "resolved", "deliver_notifications": False})
        page.get_by_role("button", name="Post the update").click()
        expect(page.get_by_text("Somebody said or changed something meanwhile")).to_be_visible()
        page.unroute("**/*part=live*")
        expect(page.locator("#live")).to_contain_text("It is over.")
        expect(words).to_have_value("We still look.")
        self.assertEqual(api("GET", f"/api/v1/posts/{post}")["status"], "resolved")

    def test_the_last_words_are_offered_and_components_said_only_if_changed(self):
        post = self.write(components=[{"component_id": self.components["Checkout"], "status": "partial_outage"}])
        page = self.sign_in(self.open(PHONE), f"/posts/{post}")
        page.get_by_label("Start from").select_option("The last words")
        expect(page.get_by_role("textbox", name="Words")).to_have_value("We are looking into it.")
        expect(page.get_by_role("combobox", name="Checkout")).to_have_value("partial_outage")
        page.get_by_role("combobox", name="Checkout").select_option("Not affected")
        page.get_by_label("Tell subscribers").uncheck()
        with page.expect_navigation():
            page.get_by_role("button", name="Post the update").click()
        said = api("GET", f"/api/v1/posts/{post}")["updates"][-1]
        self.assertFalse(said["deliver_notifications"])
        self.assertEqual(said["components"][0]["new_status"], "operational")

    def test_words_are_corrected_and_a_post_is_reopened_and_withdrawn(self):
        post = self.write(status="identified")
        page = self.sign_in(self.open(PHONE), f"/posts/{post}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("link", name="Correct the words").click()
        page.get_by_role("textbox", name="Words").fill("We know the cause.")
        self.assert_fit_for_people(page, "posts-correct-phone-light")
        page.get_by_role("button", name="Correct it").click()
        page.wait_for_url(f"**/posts/{post}")
        expect(page.locator("#live")).to_contain_text("We know the cause.")
        page.get_by_label("Start from").select_option("It is over")
        with page.expect_navigation():
            page.get_by_role("button", name="Post the update").click()
        page.get_by_role("link", name="Reopen it").click()
        page.get_by_role("textbox", name="Words").fill("It is back.")
        self.assert_fit_for_people(page, "posts-reopen-phone-light")
        page.get_by_role("button", name="Reopen it").click()
        page.wait_for_url(f"**/posts/{post}")
        self.assertEqual(api("GET", f"/api/v1/posts/{post}")["status"], "investigating")
        page.get_by_label("Why, for the public").fill("Our monitoring was wrong: everything worked.")
        with page.expect_navigation():
            page.get_by_role("button", name="Withdraw it").click()
        expect(page.locator(".banner")).to_contain_text("Withdrawn")
        self.assert_fit_for_people(page, "posts-withdrawn-phone-light")
        page.goto(f"{BASE}/pages/{self.page_id}/posts")
        expect(page.locator(".row.withdrawn")).to_be_visible()
        self.assert_fit_for_people(page, "posts-list-withdrawn-phone-light")

    def test_it_is_shared_without_a_script_of_anybody_else(self):
        post = self.write(body="We are looking into it. " * 40)
        page = self.sign_in(self.open(), f"/posts/{post}")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator("summary", has_text="For social networks").click()
        text = page.get_by_role("textbox", name="For social networks").input_value()
        self.assertLessEqual(len(text), 280)
        self.assertTrue(text.startswith("Acme Shop: Problems with Checkout (Investigating)"), text)
        self.assertIn(f"/status/{self.slug}/incidents/{post}", text)
        page.get_by_role("button", name="Copy the text for social networks").click()
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), text)
        for name in ("Bluesky", "Facebook", "LinkedIn", "Mastodon", "WhatsApp", "X"):
            link = page.get_by_role("link", name=name, exact=True)
            self.assertIn("incidents%2F", link.get_attribute("href"))
            self.assertIn("noopener", link.get_attribute("rel"))
        self.assertTrue(page.get_by_role("link", name="E-mail").get_attribute("href").startswith("mailto:?subject="))
        self.assertEqual([url for url in asked if not url.startswith(BASE)], [])
        self.assert_fit_for_people(page, "posts-share-desktop-light")

    def test_whoever_answers_the_incident_is_asked(self):
        self.publish("ask")
        incident = self.trigger()
        page = self.sign_in(self.open(PHONE), f"/incidents/{incident}")
        expect(page.get_by_text("Shall it be told")).to_be_visible()
        self.assert_fit_for_people(page, "posts-asked-phone-light")
        page.get_by_role("button", name="Do not tell").click()
        expect(page.get_by_text("Not told: somebody said no")).to_be_visible()
        page.get_by_role("button", name="Tell it all the same").click()
        expect(page.get_by_role("link", name="Problems with Website and Checkout")).to_be_visible()
        self.assert_fit_for_people(page, "posts-told-phone-light")
        page.get_by_role("link", name="Post an update").click()
        page.wait_for_url(re.compile("/posts/pst_"))

    def test_the_page_itself_asks_too(self):
        self.publish("ask")
        self.trigger()
        page = self.sign_in(self.open(PHONE, "dark"), f"/pages/{self.page_id}")
        tell = page.get_by_role("button", name="Tell the public now")
        expect(tell).to_be_visible()
        self.assert_fit_for_people(page, "pages-now-asked-phone-dark")
        page.once("dialog", lambda dialog: dialog.accept())
        tell.click()
        expect(page.get_by_role("link", name="The post about")).to_be_visible()
        self.assertEqual([post["status"] for post in self.posts()], ["investigating"])

    def test_they_look_right_everywhere(self):
        for n in range(3):
            self.write(title=f"Slow searches {n}", status="resolved", body="They are over. " * 9)
        self.write(impact_override="minor", status="monitoring")
        self.publish("manual")
        incident = self.trigger()
        post = self.write(title="Some payments fail", components=[
            {"component_id": self.components[name], "status": status}
            for name, status in (("Payments", "major_outage"), ("Checkout", "degraded_performance"))])
        api("POST", f"/api/v1/posts/{post}/updates", {"body": "First line.\n\nSecond line, and more of it.", "status": "identified"})
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), f"/pages/{self.page_id}")
            self.assert_fit_for_people(page, f"pages-now-{name}-{scheme}")
            page.goto(f"{BASE}/pages/{self.page_id}/posts")
            self.assert_fit_for_people(page, f"posts-list-{name}-{scheme}")
            page.goto(f"{BASE}/posts/{post}")
            self.assert_fit_for_people(page, f"posts-one-{name}-{scheme}")
            page.goto(f"{BASE}/pages/{self.page_id}/posts/new?incident_id={incident}")
            self.assert_fit_for_people(page, f"posts-new-{name}-{scheme}")
            page.goto(f"{BASE}/incidents/{incident}")
            expect(page.get_by_role("link", name="Write a post")).to_be_visible()
            self.assert_fit_for_people(page, f"posts-incident-{name}-{scheme}")
