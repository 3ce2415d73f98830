"""Status pages in the dashboard, as people do it: made, filled, ordered, dressed, watched, and read by subscribers."""

import struct
import uuid
import zlib

from browser import BASE, DEMO, DESKTOP, LOOKS, PHONE, Pages, api, until
from playwright.sync_api import expect


def noisy_png(width, height):
    """A picture that compresses badly: as a photograph in place of a logo."""
    rows, state = [], 1
    for _ in range(height):
        row = bytearray(b"\0")
        for _ in range(width * 3):
            state = (state * 1103515245 + 12345) % 2**31
            row.append(state >> 16 & 255)
        rows.append(bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


class StatusPages(Pages):
    def setUp(self):
        """A page of its own for each test, with a group, components, and a service that affects two."""
        self.slug = f"b{uuid.uuid4().hex[:12]}"
        description = "How the shop and what belongs to it do."
        self.page_id = api("POST", "/api/v1/pages", {"name": "Acme Shop", "slug": self.slug, "description": description})["id"]
        group = self.component("Shop", is_group=True)
        self.checkout = self.component("Checkout", group_id=group, description="Baskets, and paying for them")
        self.website = self.component("Website", group_id=group, position=1)
        self.mails = self.component("E-mails", position=2)
        self.component("Partner API", position=3, description="For those who sell what we make")
        effects = [{"component_id": self.checkout}, {"component_id": self.website, "critical": "partial_outage"}]
        service = {"name": f"Payments {self.slug[:5]}", "policy_id": DEMO["policy_id"], "components": effects}
        self.service = api("POST", "/api/v1/services", service)

    def component(self, name, **fields):
        return api("POST", "/api/v1/components", {"page_id": self.page_id, "name": name, **fields})["id"]

    def publish(self, mode, settle_seconds=0):
        api("PATCH", f"/api/v1/services/{self.service['id']}", {"publication": {"mode": mode, "settle_seconds": settle_seconds}})

    def trigger(self):
        body = {"service_id": self.service["id"], "title": "db-1.internal is out of disk", "severity": "critical"}
        return api("POST", "/api/v1/incidents", body)["id"]

    def at(self, room="", size=DESKTOP, scheme="light"):
        return self.sign_in(self.open(size, scheme), f"/pages/{self.page_id}{room}")

    def looked_at(self, room, name, ready=lambda page: None):
        for size, device, scheme in LOOKS:
            page = self.at(room, size, scheme)
            ready(page)
            self.assert_fit_for_people(page, f"{name}-{device}-{scheme}")

    def test_a_page_is_made_on_a_phone_and_filled(self):
        page = self.sign_in(self.open(PHONE), "/pages/new")
        self.assert_fit_for_people(page, "page-new-phone-light")
        slug = f"n{uuid.uuid4().hex[:12]}"
        page.get_by_label("Name, as the public reads it").fill("Nights & Days")
        page.get_by_label("Its name in addresses").fill(self.slug)
        page.get_by_role("button", name="Make the page").click()
        expect(page.get_by_text("Is another page's")).to_be_visible()
        self.assert_fit_for_people(page, "page-new-wrong-phone-light")
        page.get_by_label("Its name in addresses").fill(slug)
        page.get_by_role("button", name="Make the page").click()
        page.wait_for_url("**/pages/pag_*/components")
        expect(page.get_by_text("Nothing is on this page yet")).to_be_visible()
        self.assert_fit_for_people(page, "page-components-empty-phone-light")
        with page.expect_navigation():
            form = page.locator("section", has=page.get_by_role("heading", name="Add a group"))
            form.get_by_label("Name of the group").fill("Machines")
            form.get_by_role("button").click()
        with page.expect_navigation():
            form = page.locator("section", has=page.get_by_role("heading", name="Add a component"))
            form.get_by_label("Name, as the public reads it").fill("Presses")
            form.get_by_label("Group").select_option("Machines")
            form.get_by_role("button").click()
        page.get_by_role("link", name="Now", exact=True).click()
        expect(page.locator(".banner")).to_have_text("All systems operational")
        expect(page.locator(".group", has_text="Machines")).to_contain_text("Presses")
        page.goto(f"{BASE}/status/{slug}")
        page.get_by_text("Machines").click()
        expect(page.get_by_text("Presses")).to_be_visible()

    def test_the_list_tells_how_each_page_stands(self):
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), "/pages")
            row = page.locator("li", has_text=self.slug)
            expect(row).to_contain_text("All systems operational")
            self.assert_fit_for_people(page, f"pages-{name}-{scheme}")
        page.locator("li", has_text=self.slug).get_by_role("link", name="Acme Shop").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Acme Shop")

    def test_it_follows_what_happens_and_a_word_tells_the_public(self):
        self.publish("ask")
        starts, ends = ("2099-01-01T02:00:00Z", "2099-01-01T04:00:00Z")
        maintenance = {"page_id": self.page_id, "title": "New disks", "body": "Soon.", "component_ids": [self.mails]}
        api("POST", "/api/v1/maintenances", {**maintenance, "starts_at": starts, "ends_at": ends})
        page = self.at()
        expect(page.locator(".banner")).to_have_text("All systems operational")
        incident = self.trigger()
        expect(page.get_by_role("button", name="Tell the public now")).to_be_visible()
        expect(page.locator(".badge", has_text="asks")).to_be_visible()
        self.looked_at("", "page-now-asks", lambda page: expect(page.get_by_role("button", name="Do not tell")).to_be_visible())
        page.get_by_role("button", name="Do not tell").click()
        expect(page.locator(".badge", has_text="not told")).to_be_visible()
        # One tap, as on the incident's page: nobody is asked twice in the night.
        page.get_by_role("button", name="Tell the public now").click()
        expect(page.locator(".banner")).to_have_text("One system is down")
        expect(page.get_by_role("link", name="Problems with")).to_be_visible()
        self.looked_at("", "page-now-down", lambda page: expect(page.locator(".banner.major_outage")).to_be_visible())
        page.get_by_role("link", name="The post about").click()
        page.wait_for_url("**/posts/pst_*")
        page.go_back()
        api("POST", f"/api/v1/incidents/{incident}/resolve")
        expect(page.locator(".banner")).to_have_text("All systems operational")

    def test_components_are_ordered_by_keyboard_changed_and_kept_while_in_use(self):
        self.looked_at("/components", "page-components")
        page = self.at("/components")
        names = page.locator(".parts > li > .what > .title")
        expect(names).to_have_text(["Shop", "E-mails", "Partner API"])
        for expected in (["Shop", "Partner API", "E-mails"], ["Partner API", "Shop", "E-mails"]):
            button = page.get_by_role("button", name="Move Partner API up")
            button.focus()
            with page.expect_navigation():
                page.keyboard.press("Enter")
            expect(names).to_have_text(expected)
        # The finger stays where it was, as far as there is a further up.
        page.get_by_role("button", name="Move Partner API down").click()
        expect(names).to_have_text(["Shop", "Partner API", "E-mails"])
        expect(page.get_by_role("button", name="Move Partner API down")).to_be_focused()
        row = page.locator("li", has=page.get_by_text("Baskets, and paying")).last
        row.get_by_text("Change Checkout").click()
        self.assert_fit_for_people(page, "page-component-open-desktop-light")
        row.get_by_label("Name").fill("Till")
        row.get_by_label("Its status is set").select_option("By hand: Degraded performance")
        with page.expect_navigation():
            row.get_by_role("button", name="Save").click()
        expect(page.get_by_text("set by hand")).to_be_visible()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("Change Till").click()
        page.get_by_role("button", name="Delete Till").click()
        expect(page.get_by_role("alert")).to_contain_text(f'in use by the service "{self.service["name"]}"')
        self.assert_fit_for_people(page, "page-component-in-use-desktop-light")
        page.get_by_text("Change E-mails").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Delete E-mails").click()
        expect(names).to_have_text(["Shop", "Partner API"])

    def test_who_changed_it_first_wins_and_the_other_is_told(self):
        page = self.at("/components")
        api("PATCH", f"/api/v1/components/{self.mails}", {"name": "Letters"})
        page.get_by_role("button", name="Move E-mails down").click()
        expect(page.get_by_role("alert")).to_contain_text("Somebody changed this meanwhile")
        self.assert_fit_for_people(page, "page-component-meanwhile-desktop-light")

    def test_snippets_are_copied(self):
        page = self.open(permissions=["clipboard-read", "clipboard-write"])
        self.sign_in(page, f"/pages/{self.page_id}/components")
        page.get_by_role("button", name="Copy: Badge, in Markdown").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        self.assertRegex(copied, rf"^\[!\[Acme Shop\]\(http.*/status/{self.slug}/badge.svg\)\]\(http.*/status/{self.slug}\)$")
        until(lambda: page.evaluate("document.querySelector('.preview').naturalWidth"))

    def test_a_look_is_chosen_and_what_cannot_be_read_is_said_at_its_field(self):
        self.looked_at("/settings", "page-settings")
        page = self.at("/settings")
        look = page.locator("section", has=page.get_by_role("heading", name="Look"))
        ink = look.locator("[name='look.variables.--ink']")
        ink.fill("#999999")
        look.get_by_role("button", name="Save the look").click()
        words = look.locator(".wrong")
        expect(words).to_contain_text("--ink is too hard to read on --ground: 2.63 to 1")
        expect(ink).to_be_focused()
        self.assert_fit_for_people(page, "page-look-wrong-desktop-light")
        ink.fill("")
        look.get_by_label("Pick: Accent").fill("#0a7d55")
        look.locator("[name='look.variables.--radius']").fill("1rem")
        # A picture of any size, and one that is none.
        file = look.get_by_label("Logo", exact=True)
        file.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
        expect(look.get_by_text("This is no picture")).to_be_visible()
        file.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": noisy_png(640, 480)})
        expect(look.get_by_alt_text("Logo, as chosen")).to_be_visible()
        with page.expect_navigation():
            look.get_by_role("button", name="Save the look").click()
        saved = api("GET", f"/api/v1/pages/{self.page_id}")["look"]
        self.assertEqual((saved["accent"], saved["variables"]), ("#0a7d55", {"--radius": "1rem"}))
        self.assertRegex(saved["logo"], "^data:image/(png|webp);base64,")
        self.looked_at("/settings", "page-look", lambda page: expect(page.get_by_alt_text("Logo, as chosen")).to_be_visible())
        self.assertGreater(page.evaluate("document.querySelector('[data-shown] img').naturalWidth"), 0)
        page.get_by_role("button", name="Take it away: Logo", exact=True).click()
        with page.expect_navigation():
            page.get_by_role("button", name="Save the look").click()
        self.assertIsNone(api("GET", f"/api/v1/pages/{self.page_id}")["look"].get("logo"))

    def test_a_domain_says_what_it_still_needs_and_a_page_in_use_stays(self):
        page = self.at("/settings")
        domain = page.locator("section", has=page.get_by_role("heading", name="A domain of its own"))
        domain.get_by_label("Host").fill("https://status.example.com/")
        domain.get_by_role("button", name="Save").click()
        expect(domain.locator(".wrong")).to_contain_text("Must be a host's name")
        domain.get_by_label("Host").fill("status.example.com")
        with page.expect_navigation():
            domain.get_by_role("button", name="Save").click()
        expect(domain).to_contain_text(f"https://status.example.com/status/{self.slug}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete the page").click()
        expect(page.get_by_role("alert")).to_contain_text("in use by the component")
        self.assert_fit_for_people(page, "page-in-use-desktop-light")

    def test_subscribers_are_added_listed_and_removed(self):
        self.looked_at("/subscribers", "page-subscribers-empty")
        page = self.at("/subscribers", PHONE)
        for address, is_confirmed in (("ada@example.com", True), ("grace@example.com", False)):
            page.get_by_label("E-mail address, number").fill(address)
            page.get_by_label("They said yes already").set_checked(is_confirmed)
            if is_confirmed:
                page.get_by_text("Only of some components").click()
                page.get_by_label("Checkout").check()
            with page.expect_navigation():
                page.get_by_role("button", name="Add the subscriber").click()
        page.get_by_label("E-mail address, number").fill("nobody")
        page.get_by_role("button", name="Add the subscriber").click()
        expect(page.get_by_text("Must be an e-mail address")).to_be_visible()
        expect(page.locator("li", has_text="ada@example.com")).to_contain_text("told of Checkout")
        expect(page.locator("li", has_text="grace@example.com")).to_contain_text("has not confirmed")
        self.looked_at("/subscribers", "page-subscribers")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as CSV").click()
        self.assertIn("ada@example.com", download.value.path().read_text())
        page.on("dialog", lambda dialog: dialog.accept())
        with page.expect_navigation():
            page.get_by_role("button", name="Remove ada@example.com").click()
        expect(page.locator("li", has_text="ada@example.com")).to_have_count(0)

    def test_a_service_says_what_the_public_is_told(self):
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme), f"/services/{self.service['id']}")
            self.assert_fit_for_people(page, f"service-public-{name}-{scheme}")
        public = page.get_by_role("group", name="What the public is told")
        public.get_by_role("button", name="Affect a component").click()
        item = public.locator(".steps > li").last
        item.get_by_role("combobox", name="Component").select_option(self.mails)
        item.get_by_label("Warning").select_option("Operational")
        public.get_by_label("Its incidents become public").select_option("After somebody who answers them says so")
        public.get_by_label("Seconds that they must last").fill("90")
        with page.expect_navigation():
            page.get_by_role("button", name="Save", exact=True).last.click()
        saved = api("GET", f"/api/v1/services/{self.service['id']}")
        self.assertEqual(saved["publication"], {"mode": "ask", "settle_seconds": 90})
        self.assertEqual(len(saved["components"]), 3)
        self.assertEqual(saved["components"][2], {
            "component_id": self.mails, "critical": "major_outage", "error": "partial_outage", "warning": "operational", "info": "operational"})
        expect(page.get_by_text("Somebody is asked whether they become public")).to_be_visible()
        for button in public.get_by_role("button", name="Affect this component no more").all()[::-1]:
            button.click()
        with page.expect_navigation():
            page.get_by_role("button", name="Save", exact=True).last.click()
        self.assertEqual(api("GET", f"/api/v1/services/{self.service['id']}")["components"], [])
        expect(page.get_by_text("Nothing: its incidents affect no component")).to_be_visible()
