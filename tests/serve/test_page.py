"""The page, as people use it, in a browser that may ask nobody but the server."""

import dataclasses
import io
import re
import zipfile

import av
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright", reason="needs playwright to steer a browser")
pytest.importorskip("axe_playwright_python", reason="needs axe-core to check what is accessible")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=60_000)  # other work may keep the machine busy

DROP = """([name, bytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
    dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""
PASTE = """([name, bytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
    dispatchEvent(new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def browser(browser_command):
    with sync_playwright() as playwright:
        camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=browser_command, args=["--no-sandbox", *camera])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, listen):
    """Opens the page of a new server; at the end, nothing was asked of others, and nothing went wrong."""
    wrong = []

    def guard(route):
        if not route.request.url.startswith(address):
            wrong.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def open_page(path="/", **how):
        context = browser.new_context(**how)
        context.set_default_timeout(60_000)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: line.type == "error" and wrong.append(line.text))
        page.goto(f"{address}{path}")
        opened.append(context)
        return page

    opened = []
    with listen() as address:
        yield open_page
        for context in opened:
            context.close()
    assert wrong == []


@pytest.fixture
def page(visit):
    return visit()


def given(name, content, kind="image/png"):
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page, *files):
    page.locator("#files").set_input_files(list(files))


def start(page):
    page.get_by_role("button", name=re.compile("^Start")).click()


def upscale(page, *files):
    choose(page, *files)
    start(page)


def job(page, name):
    return page.locator(".job", has_text=name)


def downloaded(page, link):
    """The name and the content of what is saved."""
    with page.expect_download() as download:
        link.click()
    return download.value.suggested_filename, io.BytesIO(download.value.path().read_bytes())


def test_what_is_dropped_or_pasted_comes_back_four_times_larger(page, png):
    page.wait_for_selector(".model", state="attached")
    page.evaluate(DROP, ["holiday.png", list(png)])
    page.evaluate(PASTE, ["other.png", list(png)])
    start(page)
    expect(page.locator("#viewer .after img")).to_have_js_property("naturalWidth", 120)
    expect(page.locator("#viewer .before img")).to_have_js_property("naturalWidth", 30)
    name, content = downloaded(page, job(page, "holiday.png").get_by_text("Download"))
    assert name == "holiday-x4.png"
    assert Image.open(content).size == (120, 96)
    _, content = downloaded(page, page.get_by_text("Download all"))
    with zipfile.ZipFile(content) as archive:
        assert archive.namelist() == ["holiday-x4.png", "other-x4.png"]
        assert Image.open(io.BytesIO(archive.read("other-x4.png"))).size == (120, 96)


def test_nothing_is_sent_before_the_start_and_the_settings_of_then_count(page, png, settings):
    choose(page, given("a.png", png), given("b.png", png))
    choose(page, given("c.png", png))
    page.get_by_role("button", name="Remove b.png").click()
    expect(page.get_by_role("button", name="Start 2 files")).to_be_visible()
    assert list((settings.state / "tasks").iterdir()) == []
    page.get_by_role("radio", name="detailed").check()
    page.get_by_label("Detail:").fill("0.25")
    page.get_by_label("Consistent").check()
    start(page)
    expect(page.locator(".job.done")).to_have_count(2)
    expect(page.locator("#start")).to_be_hidden()
    url = page.locator(".job").first.get_by_text("Download").get_attribute("href").removesuffix("/result")
    options = page.evaluate("async url => (await (await fetch(url)).json()).options", url)
    assert options == {"model": "detailed", "detail": 0.25, "consistent": True, "invented": False}


def test_the_line_zoom_and_place_follow_keys_and_mouse(page, png):
    upscale(page, given("a.png", png))
    viewer, line = page.locator("#viewer"), page.locator("#split")
    picture = viewer.locator(".after img")
    expect(picture).to_be_visible()
    viewer.focus()
    page.keyboard.press("ArrowLeft")
    expect(line).to_have_value("48")
    page.keyboard.press("1")
    expect(page.locator("#zoom")).to_have_text("100 %")
    for _ in range(8):
        page.keyboard.press("+")
    before = picture.bounding_box()
    page.keyboard.press("Shift+ArrowRight")
    assert picture.bounding_box()["x"] == pytest.approx(before["x"] - 60, abs=1)
    page.get_by_role("button", name="Fit").click()
    box = viewer.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.48, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 20)
    page.mouse.up()
    assert float(line.input_value()) == pytest.approx(80, abs=1)
    clip = viewer.locator(".before").evaluate("layer => getComputedStyle(layer).clipPath")
    assert float(re.search(r"([\d.]+)%", clip)[1]) == pytest.approx(20, abs=1)


@pytest.mark.parametrize("is_beside", [False, True])
def test_two_fingers_zoom_and_one_moves_the_line(visit, png, is_beside):
    """Side by side, there is a finger on each half, and no line."""
    page = visit(has_touch=True, viewport={"width": 360, "height": 700})
    upscale(page, given("a.png", png))
    viewer = page.locator("#viewer")
    expect(viewer.locator(".after img")).to_be_visible()
    viewer.scroll_into_view_if_needed()
    box, devices = viewer.bounding_box(), page.context.new_cdp_session(page)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind, *places):
        points = [
            {"x": middle[0] + x, "y": middle[1] + y, "id": number} for number, (x, y) in enumerate(places)
        ]
        devices.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    if is_beside:
        page.get_by_label("Side by side").check()
        viewer.scroll_into_view_if_needed()
        box = viewer.bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    else:
        touch("touchStart", (0, 0))
        for x in (10, 30, 60, 90):
            touch("touchMove", (x, 0))
        touch("touchEnd")
        assert float(page.locator("#split").input_value()) > 65
    before = viewer.locator(".after img").bounding_box()["width"]
    touch("touchStart", (-20, 0))
    touch("touchStart", (-20, 0), (20, 0))
    for apart in (30, 50, 80):
        touch("touchMove", (-apart, 0), (apart, 0))
    touch("touchEnd")
    assert viewer.locator(".after img").bounding_box()["width"] > 1.8 * before


def test_of_a_folder_the_pictures_are_taken(page, png, tmp_path):
    folder = tmp_path / "holiday" / "day 1"
    folder.mkdir(parents=True)
    for name, content in (("a.png", png), ("notes.txt", b"words"), (".hidden.png", png)):
        (folder / name).write_bytes(content)
    page.locator("#folder").set_input_files(tmp_path / "holiday")
    expect(page.locator(".job .name")).to_have_text(["a.png"])
    devices, data = page.context.new_cdp_session(page), {"items": [], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        dragged = {**data, "files": [str(tmp_path / "holiday")]}
        devices.send("Input.dispatchDragEvent", {"type": kind, "x": 100, "y": 100, "data": dragged})
    start(page)
    expect(page.locator(".job.done .name")).to_have_text(["a.png", "a.png"])


def test_the_camera_of_a_computer_takes_a_picture(page):
    page.get_by_role("button", name="Take a photo").click()
    page.get_by_role("button", name="Capture").click()
    expect(page.locator("#camera-view")).to_be_hidden()
    expect(page.locator(".job .name")).to_have_text(re.compile(r"^photo-.*\.png$"))
    assert page.evaluate("() => document.getElementById('camera-live').srcObject") is None
    with page.expect_response("**/v1/jobs?*") as answer:
        start(page)
    sent = page.request.get(f"{answer.value.url.partition('?')[0]}/{answer.value.json()['id']}/source")
    image = Image.open(io.BytesIO(sent.body()))
    assert len(image.convert("RGB").getcolors(10**6)) > 10, "the fake camera's picture, not black"


def test_a_camera_that_is_opened_twice_is_on_once(page):
    page.evaluate(
        """() => {
            const devices = navigator.mediaDevices, get = devices.getUserMedia.bind(devices);
            window.streams = [];
            devices.getUserMedia = async how => {
                const stream = await get(how);
                await new Promise(done => setTimeout(done, 500));
                window.streams.push(stream);
                return stream;
            };
        }"""
    )
    for _ in range(2):
        page.get_by_role("button", name="Take a photo").click()
        page.locator("#camera-close").click()
    page.get_by_role("button", name="Take a photo").click()
    page.wait_for_function("() => window.streams.length === 3")
    expect(page.get_by_role("button", name="Capture")).to_be_enabled()
    live = "() => window.streams.filter(stream => stream.active).length"
    assert page.evaluate(live) == 1
    page.locator("#camera-close").click()
    page.wait_for_function(f"() => ({live})() === 0")


def test_settings_reach_the_work(page, png):
    page.get_by_role("radio", name="detailed").check()
    page.get_by_label("Size").select_option("2")
    page.get_by_label("Picture format").select_option("webp")
    page.get_by_label("Map of what was invented").check()
    upscale(page, given("a.png", png))
    _, content = downloaded(page, job(page, "a.png").get_by_text("Download"))
    image = Image.open(content)
    assert (image.format, image.size) == ("WEBP", (60, 48))
    layer = page.locator("#viewer .map img")
    expect(layer).to_be_hidden()
    page.get_by_label("What was invented", exact=True).check()
    expect(layer).to_be_visible()
    page.get_by_label("Picture format").select_option("jpg")
    page.get_by_role("button", name=re.compile("again")).click()
    expect(page.locator(".job.done")).to_have_count(2)
    name, _ = downloaded(page, page.locator(".job").last.get_by_text("Download"))
    assert name == "a-x2.jpg"
    page.get_by_role("radio", name="fast", exact=False).first.check()
    expect(page.get_by_label("Detail:")).to_be_disabled()
    expect(page.get_by_label("Denoise:")).to_be_disabled()


def test_less_denoising_keeps_the_noise(page, png, expected):
    page.get_by_role("radio", name="detailed").check()
    page.get_by_label("Denoise:").fill("0")
    upscale(page, given("a.png", png))
    _, content = downloaded(page, job(page, "a.png").get_by_text("Download"))
    result = np.asarray(Image.open(content)).astype(int)
    assert np.abs(result - expected).max() <= 1


def test_jobs_survive_a_reload_and_cancelling_leaves_nothing(page, png, large, settings):
    upscale(page, given("a.png", png), given("large.png", large))
    expect(job(page, "large.png")).to_contain_text("left")
    page.reload()
    expect(job(page, "a.png")).to_contain_text("120 × 96")
    expect(job(page, "large.png")).to_contain_text("left")
    page.get_by_role("button", name="Cancel large.png").click()
    expect(page.locator(".job")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("large.png: cancelled")
    assert len(list((settings.state / "tasks").iterdir())) == 1


def test_a_double_click_on_cancel_removes_that_file_alone(page, png, large):
    upscale(page, given("large.png", large), given("a.png", png), given("b.png", png))
    expect(job(page, "large.png")).to_contain_text("left")
    page.get_by_role("button", name="Cancel large.png").dblclick()
    expect(page.locator(".job .name")).to_have_text(["a.png", "b.png"])
    expect(page.locator(".job.done")).to_have_count(2)
    page.reload()
    expect(page.locator(".job .name")).to_have_text(["a.png", "b.png"])


def test_leaving_asks_first_while_files_wait_for_the_start(page, png):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    choose(page, given("a.png", png), given("b.png", png))
    page.get_by_role("button", name="Remove b.png").click()
    page.reload()
    expect(page.locator(".job")).to_have_count(0)
    assert asked == ["beforeunload"]
    page.get_by_role("radio", name=re.compile("^tiny")).check()
    page.reload()
    assert asked == ["beforeunload"]


def test_a_small_picture_is_done_before_videos_that_wait(page, png, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=60", tmp_path / "a.mp4")
    video = (tmp_path / "a.mp4").read_bytes()
    page.get_by_role("radio", name=re.compile("^tiny")).check()
    upscale(page, *[given(f"{number}.mp4", video, "video/mp4") for number in range(5)], given("a.png", png))
    expect(job(page, "a.png")).to_contain_text("120 × 96")
    assert page.locator(".job.done").count() == 1


def test_a_job_that_the_server_lost_is_asked_after_once(browser, listen, png, large):
    with listen() as address:
        page = browser.new_page()
        page.goto(address)
        upscale(page, given("large.png", large), given("a.png", png))
        expect(job(page, "large.png")).to_contain_text("left")
        asked = []
        page.on("response", lambda response: response.status == 404 and asked.append(response.url))
        lost = page.evaluate("() => JSON.parse(sessionStorage.getItem('jobs'))[0]")
        page.evaluate("id => fetch(`v1/jobs/${id}`, {method: 'DELETE'})", lost)
        expect(job(page, "large.png")).to_contain_text("no longer has this job")
        page.wait_for_timeout(2000)
        assert len(asked) == 1
        page.close()


def test_a_text_is_refused_with_a_sentence(browser, listen):
    with listen() as address:
        page = browser.new_page()
        page.goto(address)
        upscale(page, given("notes.txt", b"only words", "text/plain"))
        expect(job(page, "notes.txt")).to_contain_text("neither a picture nor a video")
        page.get_by_role("button", name="Remove notes.txt").click()
        expect(page.locator(".job")).to_have_count(0)
        page.close()


def test_a_video_is_played_beside_its_result_in_step(page, ffmpeg, tmp_path):
    picture, sound = "testsrc=size=64x48:rate=10:duration=2", "sine=duration=2"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, tmp_path / "a.mp4")
    upscale(page, given("a.mp4", (tmp_path / "a.mp4").read_bytes(), "video/mp4"))
    expect(page.locator("#viewer .after video")).to_have_js_property("videoWidth", 256)
    before, after = (page.locator(f"#viewer .{name} video").bounding_box() for name in ("before", "after"))
    assert before["x"] + before["width"] <= after["x"] + 1
    assert (before["y"], before["width"]) == (after["y"], after["width"])
    page.get_by_role("button", name="Play").click()
    times = "() => [...document.querySelectorAll('#viewer video')].map(video => video.currentTime)"
    page.wait_for_function(f"() => ({times})().every(time => time > 0.5)")
    before, after = page.evaluate(times)
    assert abs(before - after) < 0.3
    assert page.locator("#viewer .before video").evaluate("video => video.muted")
    assert not page.locator("#viewer .after video").evaluate("video => video.muted")
    page.get_by_label("Side by side").uncheck()
    expect(page.locator("#split")).to_be_enabled()
    name, content = downloaded(page, job(page, "a.mp4").get_by_text("Download"))
    with av.open(content) as result:
        assert (name, result.streams.video[0].width, len(result.streams.audio)) == ("a-x4.mp4", 256, 1)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_read_and_reach_it(visit, png, scheme, width):
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.wait_for_selector(".model", state="attached")
    name = "<img src=x>a-name-that-is-much-too-long-for-a-narrow-screen-without-any-space.png"
    upscale(page, given(name, png))
    expect(page.locator("#viewer .after img")).to_be_visible()
    choose(page, given("another.png", png))
    expect(page.locator(".job .name")).to_have_text([name, "another.png"])
    assert faults(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Take a photo").click()
    expect(page.get_by_role("button", name="Capture")).to_be_enabled()
    assert faults(page) == []


def faults(page):
    """What axe-core finds against WCAG and good practice, by rule and element."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


def test_a_keyboard_is_enough(page):
    page.wait_for_selector(".model", state="attached")
    press(page, page.get_by_role("button", name="A cat"))
    press(page, page.get_by_role("button", name="Start 1 file"))
    expect(page.locator("#list-title")).to_be_focused()
    show = page.get_by_role("button", name="Show sample-cat.jpg")
    expect(show).to_be_visible()
    press(page, show)
    expect(page.locator("#shown-title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#split")).to_have_value("52")


def press(page, button):
    """Goes to a button with the Tab key, and presses it with Enter."""
    expect(button).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def test_the_token_is_asked_for_once(browser, listen, settings):
    with listen(dataclasses.replace(settings, token="secret")) as address:
        page = browser.new_page()
        page.goto(address)
        assert Axe().run(page).response["violations"] == []
        page.get_by_label("Token").fill("secret")
        page.keyboard.press("Enter")
        expect(page.locator(".model").first).to_be_attached()
        page.close()
