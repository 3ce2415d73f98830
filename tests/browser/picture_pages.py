"""A picture of oneself: chosen, cropped, sent and seen, by people."""

import base64
import re
import urllib.request
from urllib.parse import urlsplit

import pictures
from browser import BASE, DEMO, LOOKS, PHONE, Pages, api, post_alert
from playwright.sync_api import expect

OWNER = DEMO["owner"]["id"]
# Where a face shows a picture that has arrived.
SEEN = "img => img.complete && img.naturalWidth > 0"


def link_to(address):
    """The newest link of ours that was sent there."""
    for message in api("GET", "/api/v1/outbox")["items"]:
        if message["to"] == address and (found := re.search(r"/invitations/\S+", message["body"])):
            return found.group()
    return None


class Pictures(Pages):
    def setUp(self):
        api("DELETE", "/api/v1/users/me/avatar")

    def dialog(self, page):
        page.get_by_role("link", name="Your picture").click()
        dialog = page.get_by_role("dialog", name="Your picture")
        expect(dialog).to_be_visible()
        return dialog

    def choose(self, page, dialog, *file):
        with page.expect_file_chooser() as chooser:
            dialog.get_by_role("button", name=re.compile("^Choose a")).click()
        chooser.value.set_files(pictures.file(*file))

    def sent(self, page, dialog):
        """Sends what is cropped, and answers the picture that comes of it."""
        dialog.get_by_role("button", name="Use this picture").click()
        expect(dialog.get_by_text("This is how others see you.")).to_be_visible()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
        return self.assert_face(page.locator(".bar"), OWNER)

    def assert_face(self, place, user):
        """The picture of this person is seen there."""
        img = place.locator(f'[data-face="{user}"] img').first
        expect(img).to_be_visible()
        img.scroll_into_view_if_needed()
        handle = img.element_handle()
        img.page.wait_for_function(SEEN, arg=handle)
        return handle.evaluate("img => img.currentSrc")

    def colours(self, page, url, *places):
        """What is there in the picture, as "red", "blue" or "green"; places are parts of its side."""
        script = """async ([url, places]) => {
          const bitmap = await createImageBitmap(await (await fetch(url)).blob())
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
          const pen = canvas.getContext('2d')
          pen.drawImage(bitmap, 0, 0)
          return places.map(([x, y]) => {
            const [red, green, blue] = pen.getImageData(x * bitmap.width, y * bitmap.height, 1, 1).data
            return red > 150 ? 'red' : blue > 150 ? 'blue' : green > 120 ? 'green' : `${red} ${green} ${blue}`
          })
        }"""
        return page.evaluate(script, [url, places])

    def somebody(self, name):
        """Another responder, signed in in a browser of their own."""
        email = f"{name.lower()}@example.com"
        user = api("POST", "/api/v1/users", {"name": name, "email": email, "role": "responder", "time_zone": "UTC", "locale": "en"})
        api("POST", f"/api/v1/users/{user['id']}/invitation")
        page = self.open()
        for _ in range(50):
            if link := link_to(email):
                break
            page.wait_for_timeout(200)
        page.goto(BASE + link)
        page.get_by_label("New password").fill("ring the bell twice")
        page.get_by_role("button", name="Choose it and sign in").click()
        page.wait_for_url(BASE + "/")
        return user["id"], page

    def test_from_initials_to_a_picture_wherever_one_is_seen(self):
        incident = post_alert("face", "Faces are missing", severity="error")
        page = self.sign_in(self.open())
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator(".row", has_text="Faces are missing").get_by_role("button", name="Acknowledge").click()
        taken = page.locator(".row", has_text="Faces are missing").locator(".standing")
        expect(taken.locator(f'[data-face="{OWNER}"]')).to_be_visible()
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        stage = dialog.get_by_label("The part that is shown")
        expect(stage).to_be_focused()
        # To its left end: green.
        box = stage.bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 280, box["y"] + 100, steps=6)
        page.mouse.up()
        url = self.sent(page, dialog)
        self.assertEqual(self.colours(page, url, (0.05, 0.5), (0.6, 0.2), (0.6, 0.8)), ["green", "red", "blue"])
        # The list was on the page all the time; other pages are asked for.
        self.assert_face(taken, OWNER)
        for path in (f"/incidents/{incident}", "/on-call", "/people", f"/people/{OWNER}", "/audit", "/settings", "/?status=all"):
            page.goto(BASE + path)
            self.assert_face(page.locator("main"), OWNER)
        self.assertEqual({urlsplit(url).netloc for url in asked}, {urlsplit(BASE).netloc}, "somebody else was asked")

    def test_by_keys_alone(self):
        page = self.open()
        # A key waits for nothing: choosers are listened for before it is pressed.
        page.on("filechooser", lambda chooser: None)
        self.sign_in(page)
        link = page.get_by_role("link", name="Your picture")
        link.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Your picture")
        expect(dialog.get_by_role("button", name="Choose a picture")).to_be_focused()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(pictures.file("me.png", pictures.photo(kind="PNG"), "image/png"))
        expect(dialog.get_by_label("The part that is shown")).to_be_focused()
        for _ in range(20):
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("+")
        page.keyboard.press("-")
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("button", name="Farther")).to_be_focused()
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("slider", name="Zoom")).to_be_focused()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("This is how others see you.")).to_be_visible()
        expect(dialog.get_by_role("button", name="Close")).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
        url = self.assert_face(page.locator(".bar"), OWNER)
        self.assertEqual(self.colours(page, url, (0.05, 0.5), (0.6, 0.2)), ["green", "red"])
        # And away with it.
        page.on("dialog", lambda asked: asked.accept())
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("button", name="Remove it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("Your picture is removed.")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(f'.bar [data-face="{OWNER}"] img')).to_have_count(0)
        page.reload()
        expect(page.locator(f'.bar [data-face="{OWNER}"] img')).to_have_count(0)

    def transfer(self, page, content, name="me.jpg", kind="image/jpeg"):
        return page.evaluate_handle(
            """([text, name, type]) => {
              const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
              const transfer = new DataTransfer()
              transfer.items.add(new File([bytes], name, { type }))
              return transfer
            }""",
            [base64.b64encode(content).decode(), name, kind],
        )

    def test_dropped_on_ones_face_and_turned_upright(self):
        page = self.sign_in(self.open())
        data = self.transfer(page, pictures.on_its_side())
        face = page.locator(f'.bar [data-face="{OWNER}"]')
        face.dispatch_event("dragover", {"dataTransfer": data})
        expect(face.locator("xpath=ancestor-or-self::*[contains(@class, 'aimed')]")).to_have_count(1)
        face.dispatch_event("drop", {"dataTransfer": data})
        dialog = page.get_by_role("dialog", name="Your picture")
        expect(dialog.get_by_label("The part that is shown")).to_be_visible()
        # Another one, dropped on the dialog, counts instead.
        dialog.dispatch_event("drop", {"dataTransfer": self.transfer(page, b"", "none.jpg")})
        expect(dialog.get_by_role("alert")).to_have_text("This file is empty.")
        dialog.dispatch_event("drop", {"dataTransfer": data})
        expect(dialog.get_by_label("The part that is shown")).to_be_focused()
        url = self.sent(page, dialog)
        self.assertEqual(self.colours(page, url, (0.05, 0.5), (0.6, 0.2), (0.6, 0.8)), ["green", "red", "blue"])

    def test_pasted(self):
        page = self.sign_in(self.open(), "/settings")
        paste = """transfer => document.activeElement.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }))"""
        page.evaluate(paste, self.transfer(page, pictures.see_through(), "image.png", "image/png"))
        dialog = page.get_by_role("dialog", name="Your picture")
        expect(dialog.get_by_label("The part that is shown")).to_be_focused()
        self.sent(page, dialog)
        dialog = self.dialog(page)
        page.evaluate(paste, page.evaluate_handle("() => new DataTransfer()"))
        expect(dialog.get_by_role("alert")).to_have_text("There is no picture in the clipboard.")
        page.evaluate(paste, self.transfer(page, pictures.moving(), "image.gif", "image/gif"))
        expect(dialog.get_by_label("The part that is shown")).to_be_focused()
        self.sent(page, dialog)

    def test_fingers_and_wheel(self):
        page = self.sign_in(self.open(PHONE, has_touch=True))
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo(2000, 1000))
        stage, zoom = dialog.get_by_label("The part that is shown"), dialog.get_by_role("slider", name="Zoom")
        expect(stage).to_be_focused()
        box = stage.bounding_box()
        left, top = box["x"], box["y"]
        middle = {"x": left + box["width"] / 2, "y": top + box["height"] / 2}

        def colour(x, y):
            """What is seen in that part of the stage."""
            script = """(stage, [x, y]) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
              const [red, green, blue] = stage.getContext('2d').getImageData(x * stage.width, y * stage.height, 1, 1).data
              done(red > 150 ? 'red' : blue > 150 ? 'blue' : green > 120 ? 'green' : `${red} ${green} ${blue}`)
            })))"""
            return stage.evaluate(script, [x, y])

        touch = page.context.new_cdp_session(page)

        def fingers(kind, *places):
            points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        self.assertEqual((colour(0.5, 0.3), colour(0.5, 0.7)), ("red", "blue"))
        # Two fingers that move apart: nearer.
        x, y = middle["x"], middle["y"]
        fingers("touchStart", (x - 20, y), (x + 20, y))
        for apart in (30, 40, 60, 80):
            fingers("touchMove", (x - apart, y), (x + apart, y))
        fingers("touchEnd")
        expect(zoom).not_to_have_value("0")
        # One finger down: what was above comes into view.
        fingers("touchStart", (x, y))
        for down in (20, 60, 100):
            fingers("touchMove", (x, y + down))
        fingers("touchEnd")
        self.assertEqual((colour(0.5, 0.6), colour(0.5, 0.95)), ("red", "blue"))
        # A tap: there is the middle.
        page.touchscreen.tap(x, top + box["height"] * 0.95)
        self.assertEqual((colour(0.5, 0.2), colour(0.5, 0.5)), ("red", "blue"))
        page.mouse.move(x, y)
        for _ in range(20):
            page.mouse.wheel(0, 200)
        expect(zoom).to_have_value("0")
        page.mouse.wheel(0, -300)
        expect(zoom).not_to_have_value("0")
        dialog.get_by_role("button", name="Farther").click()
        stage.focus()
        page.keyboard.press("0")
        expect(zoom).to_have_value("0")

    def test_cancelled_while_it_is_sent(self):
        page = self.sign_in(self.open())
        page.route("**/s3/**", lambda route: None)
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        dialog.get_by_role("button", name="Use this picture").click()
        expect(dialog.get_by_role("progressbar", name="Uploaded")).to_be_visible()
        with page.expect_event("requestfailed"):
            dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_be_hidden()
        page.unroute_all(behavior="ignoreErrors")
        expect(page.get_by_role("link", name="Your picture")).to_be_focused()
        expect(page.locator(".bar .face img")).to_have_count(0)
        dialog = self.dialog(page)
        expect(dialog.get_by_role("button", name="Choose a picture")).to_be_focused()

    def test_the_same_picture_again_after_the_network_failed(self):
        page = self.sign_in(self.open(PHONE))
        page.route("**/s3/**", lambda route: route.abort("connectionreset"))
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        dialog.get_by_role("button", name="Use this picture").click()
        expect(dialog.get_by_role("alert")).to_contain_text("The connection broke")
        expect(dialog.get_by_role("button", name="Try again")).to_be_focused()
        page.unroute("**/s3/**")
        page.route("**/avatar", lambda route: route.abort())
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("No connection")
        page.unroute("**/avatar")
        dialog.get_by_role("button", name="Try again").click()
        expect(dialog.get_by_text("This is how others see you.")).to_be_visible()

    def test_a_form_that_expired_is_asked_for_anew(self):
        page = self.sign_in(self.open())
        turns = []

        def late(route):
            turns.append(route.request.url)
            if len(turns) == 1:
                route.fulfill(status=403, body="<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>")
            else:
                route.continue_()

        page.route("**/s3/**", late)
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        self.sent(page, dialog)
        self.assertEqual(len(turns), 2)

    def test_what_is_no_picture_is_refused_kindly(self):
        page = self.sign_in(self.open(PHONE))
        dialog = self.dialog(page)
        for name, content, kind, words in [
            ("page.png", b"<html><script>alert(1)</script></html>", "image/png", "page.png is not a JPEG, PNG, WebP or GIF"),
            ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", "drawing.svg is not a JPEG"),
            ("empty.jpg", b"", "image/jpeg", "This file is empty."),
            ("broken.png", pictures.photo(kind="PNG")[:40], "image/png", "It is damaged, or cut off".lower()),
        ]:
            self.choose(page, dialog, name, content, kind)
            expect(dialog.get_by_role("alert")).to_contain_text(words)
            expect(dialog.get_by_role("button", name="Choose a picture")).to_be_focused()
        self.assert_fit_for_people(page, "picture-refused-phone")
        # One that is larger than what may be sent is made smaller here.
        self.choose(page, dialog, "large.png", pictures.enormous(), "image/png")
        self.sent(page, dialog)

    def test_what_cannot_be_cropped_is_sent_as_it_is_and_refused_with_a_reason(self):
        page = self.open()
        page.add_init_script("delete window.createImageBitmap")
        self.sign_in(page)
        dialog = self.dialog(page)
        largest = 5 * pictures.MIB
        self.choose(page, dialog, "large.jpg", pictures.padded(pictures.photo(), largest + 1))
        expect(dialog.get_by_role("alert")).to_contain_text("at most 5 MiB")
        for name, content, words in [
            ("cut.jpg", pictures.photo()[:2000], r"."),
            ("bomb.png", pictures.enormous(), r"40"),
        ]:
            self.choose(page, dialog, name, content)
            dialog.get_by_role("button", name=f"Send {name}").click()
            expect(dialog.get_by_role("alert")).to_contain_text(re.compile(words))
            print(name, dialog.get_by_role("alert").inner_text())
            expect(dialog.get_by_role("button", name="Choose another")).to_be_focused()
            expect(dialog.get_by_role("button", name="Try again")).to_be_hidden()
        self.choose(page, dialog, "full.jpg", pictures.padded(pictures.photo(), largest))
        dialog.get_by_role("button", name="Send full.jpg").click()
        expect(dialog.get_by_text("This is how others see you.")).to_be_visible()

    def test_nothing_needs_a_script(self):
        page = self.sign_in(self.open(PHONE, java_script_enabled=False), "/settings")
        page.get_by_role("link", name="Choose a picture").click()
        for content, words in (
            (pictures.photo()[:2000], "damaged or was cut off"),
            (pictures.photo(), "This is how others see you."),
        ):
            page.get_by_role("button", name="Send a picture").click()
            page.get_by_label("The picture:").set_input_files(pictures.file("me.jpg", content))
            page.get_by_role("button", name="Send it").click()
            # The page asks again by itself.
            expect(page.locator("main")).to_contain_text(words)
            self.assertEqual(urlsplit(page.url).path, "/settings/picture")
        expect(page.get_by_role("img", name="Your picture, as others see it")).to_be_visible()
        page.goto(BASE + "/")
        expect(page.locator(f'.bar [data-face="{OWNER}"] img')).to_be_visible()
        page.get_by_role("link", name="Your picture").click()
        page.get_by_role("button", name="Remove it").click()
        expect(page.get_by_role("button", name="Send a picture")).to_be_visible()

    def test_other_tabs_change_without_a_reload(self):
        incident = post_alert("tabs", "Two tabs", severity="error")
        api("POST", f"/api/v1/incidents/{incident}/acknowledge")
        first = self.sign_in(self.open())
        second = first.context.new_page()
        second.goto(BASE + "/people")
        stranger = self.sign_in(self.open(), f"/incidents/{incident}")
        for page in (second, stranger):
            page.evaluate("window.stays = true")
        dialog = self.dialog(first)
        self.choose(first, dialog, "me.jpg", pictures.photo())
        url = self.sent(first, dialog)
        self.assertEqual(self.assert_face(second.locator(".bar"), OWNER), url)
        self.assert_face(second.locator("main"), OWNER)
        # Another browser hears of it with the next update of what lives on its page.
        self.assert_face(stranger.locator("#live"), OWNER)
        for page in (second, stranger):
            self.assertTrue(page.evaluate("window.stays"))

    def test_somebody_elses_is_removed_by_an_admin_only_and_tickets_run_out(self):
        user, page = self.somebody("Grace")
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        dialog.get_by_role("button", name="Use this picture").click()
        expect(dialog.get_by_text("This is how others see you.")).to_be_visible()
        page.goto(f"{BASE}/people/{OWNER}")
        expect(page.get_by_role("button", name="Remove the picture")).to_have_count(0)
        owner = self.sign_in(self.open(), f"/people/{user}")
        self.assert_face(owner.locator("main"), user)
        self.assert_fit_for_people(owner, "person-with-picture")
        owner.on("dialog", lambda asked: asked.accept())
        with owner.expect_navigation():
            owner.get_by_role("button", name="Remove the picture").click()
        expect(owner.locator(f'[data-face="{user}"]').first).to_be_visible()
        expect(owner.locator(f'[data-face="{user}"] img')).to_have_count(0)
        refused = page.evaluate(
            """async () => {
              const headers = { 'content-type': 'application/json', 'x-csrf-token': document.body.dataset.formToken }
              const body = JSON.stringify({ content_type: 'image/jpeg', bytes: 1 })
              for (let n = 0; n < 40; n += 1) {
                const answer = await fetch('/api/v1/users/me/avatar', { method: 'POST', headers, body })
                if (answer.status === 429) return n
              }
            }"""
        )
        self.assertGreater(refused, 20)
        dialog = self.dialog(page)
        self.choose(page, dialog, "me.jpg", pictures.photo())
        dialog.get_by_role("button", name="Use this picture").click()
        expect(dialog.get_by_role("alert")).to_contain_text(re.compile(r"too often\. Try again in \d+ (s|minutes)"))

    def test_it_looks_right(self):
        for size, name, scheme in LOOKS:
            page = self.sign_in(self.open(size, scheme))
            dialog = self.dialog(page)
            self.assert_fit_for_people(page, f"picture-choose-{name}-{scheme}")
            self.choose(page, dialog, "me.jpg", pictures.photo())
            expect(dialog.get_by_label("The part that is shown")).to_be_focused()
            page.keyboard.press("+")
            page.keyboard.press("+")
            self.assert_fit_for_people(page, f"picture-crop-{name}-{scheme}")
            self.sent(page, dialog)
            self.assert_fit_for_people(page, f"incidents-with-face-{name}-{scheme}")
            page.goto(BASE + "/settings/picture")
            self.assert_fit_for_people(page, f"picture-without-scripts-{name}-{scheme}")
            page.get_by_role("button", name="Send another").click()
            self.assert_fit_for_people(page, f"picture-form-{name}-{scheme}")
            page.goto(BASE + "/settings")
            self.assert_face(page.locator("main"), OWNER)
            self.assert_fit_for_people(page, f"settings-with-face-{name}-{scheme}")
