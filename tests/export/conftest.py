"""A page in headless Chromium, on localhost, which reports whatever the page wants from elsewhere."""

import json
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REPORTING = {
    "Content-Security-Policy-Report-Only": "default-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob: "
    "data:; report-uri /reports"
}

_DRIVER = """<!DOCTYPE html><iframe src="index.html" width="800" height="600"></iframe><script type="module">
const page = () => document.querySelector("iframe").contentWindow;
const $ = id => page().document.getElementById(id);
const violations = [];
async function until(isSo, what) {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 1200) throw new Error(`${what}: ${$("status")?.textContent}`);
    await new Promise(done => setTimeout(done, 50));
  }
}
async function transferOf(name) {
  const transfer = new DataTransfer();
  transfer.items.add(new File([await (await fetch(name)).blob()], name));
  return transfer;
}
async function choose(name) {
  $("file").files = (await transferOf(name)).files;
  $("file").dispatchEvent(new Event("change"));
}
async function drop(name) {
  const dataTransfer = await transferOf(name);
  $("drop").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}
async function drive() {
  if (ISOLATED && !crossOriginIsolated) {
    // The page in the frame has threads only where this one, too, comes through the page's service worker.
    await navigator.serviceWorker.ready;
    location.reload();
    await new Promise(() => {});
  }
  document.querySelector("iframe").onload = () =>
    page().addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective));
  // The page may reload, through its service worker, and has no elements meanwhile.
  const isReady = () => $("file")?.disabled === false || $("status")?.className === "wrong";
  await until(() => page().document.readyState === "complete" && isReady(), "not ready");
  SCRIPT
}
const answer = await drive().catch(error => ({ failed: String(error.stack) }));
await fetch("/answer", { method: "POST", body: JSON.stringify({ ...answer, violations }) });
</script>"""


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and more from memory; takes the answer and reports."""

    def log_message(self, *_):
        pass

    def end_headers(self):
        for name, value in REPORTING.items():
            self.send_header(name, value)
        super().end_headers()

    def do_GET(self):
        if self.path not in self.server.extra:
            super().do_GET()
            return
        content, kind = self.server.extra[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        (self.server.answers if self.path == "/answer" else self.server.reports).put(body)


def _browse(folder, script, files, *, profile, isolated=False, options=()):
    """Opens a folder's page, runs a script beside it, and returns its answer and reports of wrong requests.

    Nothing but the page's own server can be reached.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    driver = _DRIVER.replace("SCRIPT", script).replace("ISOLATED", json.dumps(isolated))
    server.answers, server.reports = Queue(), Queue()
    server.extra = {f"/{name}": (content, "application/octet-stream") for name, content in files.items()}
    server.extra["/drive"] = (driver.encode(), "text/html")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    alone = ["--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    process = subprocess.Popen(
        [
            BROWSER,
            *("--headless=new", "--no-sandbox", f"--user-data-dir={profile}"),
            *alone,
            *options,
            f"http://127.0.0.1:{server.server_port}/drive",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return server.answers.get(timeout=90), [*server.reports.queue]
    finally:
        process.terminate()
        process.wait()
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def own_cache(cache):
    """Keeps compiled models and runtimes out of the user's own cache."""


@pytest.fixture
def browse(tmp_path):
    """Opens a folder's page in a browser, see :func:`_browse`."""
    if BROWSER is None:
        pytest.skip("no Chromium: the page is not opened in a browser")
    return partial(_browse, profile=tmp_path / "profile")
