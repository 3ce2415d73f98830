"""The status page as its readers meet it: every state, width and theme, keys, print, scripts off, and what is new."""

import re

from browser import BASE, LOOKS, PHONE, PICTURES, Pages
from playwright.sync_api import expect

STATES = ["good", "degraded", "partial", "major", "watched", "maintenance", "several", "many", "none", "fresh", "german", "branded", "hostile"]
# In the page's own zone, so that times are told as they were written.
HERE = {"timezone_id": "Europe/Berlin"}


class StatusPages(Pages):
    def read(self, page, state, path=""):
        page.goto(f"{BASE}/status/{state}{path}")
        return page

    def test_every_state_looks_right(self):
        for state in STATES:
            for size, name, scheme in LOOKS:
                page = self.read(self.open(size, scheme, **HERE), state)
                self.assert_fit_for_people(page, f"status-{state}-{name}-{scheme}")
                page.context.close()

    def test_what_is_below_a_page_looks_right(self):
        for size, name, scheme in LOOKS:
            for state, path in (
                ("several", "/incidents/0"), ("good", "/incidents/0"), ("hostile", "/incidents/1"), ("several", "/history"),
                ("several", "/history/2026-11"), ("german", "/history/2026-10"), ("hostile", "/history/2026-11"),
                ("major", "/embed"), ("good", "/embed"), ("good", "/lost"),
            ):
                page = self.read(self.open(size, scheme, **HERE), state, path)
                self.assert_fit_for_people(page, f"status-{state}{path.replace('/', '-')}-{name}-{scheme}")
                page.context.close()

    def test_it_is_one_request(self):
        page = self.open(**HERE)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        states = ["several", "branded", "many"]
        for state in states:
            self.read(page, state)
            page.wait_for_load_state("networkidle")
        self.assertEqual([url for url in asked if not url.startswith("data:")], [f"{BASE}/status/{state}" for state in states])

    def test_the_script_of_somebody_else_does_not_run(self):
        self.forgiven = ("Executing inline script violates",)
        page = self.read(self.open(), "good")
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))")
        self.assertIsNone(page.evaluate("window.ran ?? null"))

    def test_keys_go_along_the_days_and_each_tells_itself(self):
        page = self.read(self.open(**HERE), "good")
        days = page.locator(".days[aria-label^='API']")
        today = days.locator("li").last
        self.assertEqual(days.locator("[tabindex='0']").count(), 1)
        today.focus()
        expect(today.locator("b")).to_be_in_viewport()
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
        outage = days.locator("li", has_text="Major outage 1 h 34 min")
        expect(outage).to_be_focused()
        expect(outage).to_have_attribute("aria-label", re.compile("9 Nov: Major outage"))
        page.screenshot(path=self.picture("status-day"))
        box = outage.locator("b").bounding_box()
        self.assertGreater(box["width"], 100)
        page.keyboard.press("Escape")
        self.assertLess(outage.locator("b").bounding_box()["height"], 2)
        page.keyboard.press("Home")
        expect(days.locator("li").first).to_be_focused()
        page.keyboard.press("Tab")
        self.assertFalse(page.evaluate("document.activeElement.closest(\".days[aria-label^='API']\") !== null"))

    def test_a_finger_along_the_days_tells_them(self):
        page = self.read(self.open(PHONE, has_touch=True, **HERE), "good")
        days = page.locator(".days[aria-label^='API']")
        days.locator("li", has_text="Major outage 1 h 34 min").tap()
        text = days.locator("li:focus b")
        expect(text).to_contain_text("9 Nov")
        box = text.bounding_box()
        self.assertTrue(box["x"] >= 0 and box["x"] + box["width"] <= 390, box)
        page.screenshot(path=self.picture("status-day-phone"))

    def test_it_reads_without_a_script(self):
        for state in ("several", "german"):
            page = self.read(self.open(PHONE, java_script_enabled=False), state)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator("#zone")).to_contain_text("Europe/Berlin")
            page.screenshot(path=self.picture(f"status-{state}-no-script"), full_page=True)
        page = self.read(self.open(java_script_enabled=False), "several")
        group = page.locator("summary", has_text="Website")
        expect(page.get_by_text("Checkout", exact=True)).to_be_visible()
        group.click()
        expect(page.get_by_text("Checkout", exact=True)).not_to_be_visible()
        day = page.locator(".days[aria-label^='API'] li", has_text="1 h 34 min")
        day.hover()
        self.assertGreater(day.locator("b").bounding_box()["height"], 10)
        page.mouse.move(0, 0)
        day.focus()
        self.assertGreater(day.locator("b").bounding_box()["height"], 10)

    def test_it_prints_with_all_that_is_folded(self):
        page = self.read(self.open(**HERE), "good")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.get_by_text("Checkout", exact=True)).to_be_visible()
        expect(page.locator("footer nav")).not_to_be_visible()
        page.screenshot(path=self.picture("status-print"), full_page=True)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        expect(page.get_by_text("Checkout", exact=True)).not_to_be_visible()

    def test_times_are_the_reader_s(self):
        page = self.read(self.open(timezone_id="America/New_York"), "several")
        expect(page.locator("#zone")).to_have_text("Times are in your time zone, America/New York.")
        began = page.locator("article time").first
        self.assertEqual(began.get_attribute("datetime"), "2026-11-12T10:26:00Z")
        expect(began).to_contain_text("12 Nov, 05:26" if self.year(page) == 2026 else "12 Nov 2026, 05:26")
        page = self.read(self.open(**HERE), "several")
        expect(page.locator("#zone")).to_have_text("Times are in Europe/Berlin.")
        expect(page.locator("article time").first).to_have_text("12 Nov, 11:26")

    def test_what_is_new_comes_by_itself_and_disturbs_nobody(self):
        page = self.open(**HERE)
        page.clock.install()
        self.read(page, "good")
        page.locator("summary", has_text="Website").click()
        day = page.locator(".days[aria-label^='API'] li").last
        day.focus()
        page.evaluate("scrollTo(0, 300)")
        place = day.bounding_box()["y"]
        # The same page an hour later, as if it had been published anew.
        later = page.request.get(f"{BASE}/status/several").text().replace('name="revision" content="0"', 'name="revision" content="1"')
        page.route(f"{BASE}/status/good", lambda route: route.fulfill(body=later, content_type="text/html; charset=utf-8"))
        self.time_passes(page, page.get_by_role("heading", name="One system is down"))
        expect(page).to_have_title("Acme: One system is down")
        expect(page.locator("#news")).to_contain_text("The page has changed. One system is down.")
        expect(page.locator(".days[aria-label^='API'] li").last).to_be_focused()
        self.assertAlmostEqual(page.locator(".days[aria-label^='API'] li").last.bounding_box()["y"], place, delta=2)
        expect(page.get_by_text("Checkout", exact=True)).to_be_visible()

    def test_it_says_when_what_is_shown_is_old(self):
        page = self.open(**HERE)
        page.clock.install()
        self.read(page, "good")
        notice = page.locator("#stale")
        expect(notice).not_to_be_visible()
        page.route(f"{BASE}/status/good", lambda route: route.abort())
        self.time_passes(page, page.get_by_text("The server has not answered since"))
        self.assert_fit_for_people(page, "status-stale")
        page.unroute(f"{BASE}/status/good")
        self.time_passes(page, page.locator("#stale"), is_there=False)
        body = page.request.get(f"{BASE}/status/good").text()
        page.route(f"{BASE}/status/good", lambda route: route.fulfill(body=body, headers={"content-type": "text/html", "age": "7200"}))
        self.time_passes(page, page.get_by_text("the server cannot send a newer one now"))

    def test_a_badge_is_a_picture(self):
        page = self.open()
        for state in ("good", "major", "german", "hostile"):
            self.read(page, state, "/badge.svg")
            page.screenshot(path=self.picture(f"status-badge-{state}"), clip={"x": 0, "y": 0, "width": 420, "height": 30})
            self.assertEqual(page.locator("svg").get_attribute("role"), "img")

    def time_passes(self, page, until, is_there=True):
        """Ten minutes at most, in steps in which a request has time to be answered."""
        for _ in range(200):
            if until.count() > 0 and until.first.is_visible() == is_there:
                return
            page.clock.run_for(3_000)
            page.request.get(f"{BASE}/status/none/badge.svg")
        self.fail(f"{until} never was as it should be")

    def picture(self, name):
        return PICTURES / f"{name}.png"

    def year(self, page):
        return page.evaluate("new Date().getFullYear()")
