"""A browser for tests: Debian's Chromium without a desktop, one for all tests, and a context (cookies, size, scheme) of its
own for each."""

import json
import os
import pathlib
import time
import unittest
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

DEMO = json.loads(pathlib.Path(os.environ["DEMO"]).read_text())
BASE = DEMO["base_url"]
PICTURES = pathlib.Path(os.environ["PICTURES"])
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# Every look that a page has.
LOOKS = [(size, name, scheme) for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")) for scheme in ("light", "dark")]
# It talks to nobody but the process under test.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
# Pages ask for what is new every five seconds.
expect.set_options(timeout=15_000)
# WCAG 2.2 at level AA, and what axe holds for good practice.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}}


def post_alert(key, summary, **fields):
    """As a sender would, whoever is signed in."""
    body = json.dumps({"summary": summary, "dedup_key": key, **fields}).encode()
    url = f"{BASE}/hooks/{DEMO['integration_keys']['generic']}"
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["incident_id"]


def api(method, path, body=None):
    """As a script of the owner's."""
    headers = {"authorization": f"Bearer {DEMO['api_token']}"}
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def until(question, seconds=30):
    """What `question` answers once it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.2)
    raise AssertionError("it did not come to that")


class Pages(unittest.TestCase):
    """What the pages' scripts complain about fails the test, too."""

    session = []
    # What a test provokes on purpose.
    forgiven = ()

    @classmethod
    def setUpClass(cls):
        cls.playwright = sync_playwright().start()
        cls.chromium = cls.playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=OPTIONS)
        cls.axe = Axe()

    @classmethod
    def tearDownClass(cls):
        cls.chromium.close()
        cls.playwright.stop()

    def open(self, size=DESKTOP, scheme="light", **options):
        context = self.chromium.new_context(viewport=size, color_scheme=scheme, **options)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(15_000)
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        # What the server refuses, or a test cuts off, on purpose, the console tells of, too.
        forgiven = ["Failed to load resource", *self.forgiven]
        self.addCleanup(lambda: self.assertEqual([c for c in complaints if not any(words in c for words in forgiven)], []))
        return page

    def sign_in(self, page, path="/"):
        """In the session that is kept, as a person's browser keeps it; by the form where there is none any more."""
        page.context.add_cookies(Pages.session)
        page.goto(BASE + path)
        if page.url.startswith(BASE + "/sign-in"):
            page.get_by_label("E-mail address").fill(DEMO["owner"]["email"])
            page.get_by_label("Password").fill(DEMO["owner"]["password"])
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(BASE + path)
            Pages.session = page.context.cookies()
        return page

    def assert_fit_for_people(self, page, name):
        """No rule of axe is broken, and nothing sticks out sideways."""
        # What stays at the top covers something else wherever one has scrolled to.
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        found = self.axe.run(page, options=RULES)
        self.assertEqual(found.violations_count, 0, f"{name}: {found.generate_report()}")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(wider, 0, f"{name} is {wider} px too wide")
