// The page: it takes a picture, a worker upscales it, and the parts are shown as they come.
const MOST_SIDE = 16384, MOST_PIXELS = 2 ** 28; // of a canvas, in any current browser

const $ = id => document.getElementById(id);
let model, worker;
let job = 0;
let source = null; // the file's name, without its ending

function say(text, isWrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", isWrong);
}

function ready({ model: found, engine }) {
  model = found;
  document.title = `Upscale a picture – ${model.name}`;
  $("promise").textContent = `${model.scale === 1 ? "Clearer" : `${model.scale}x per side`}, in your own browser: `
    + "nothing is sent anywhere.";
  const licence = model.licence && `Licence: ${model.licence}.`;
  $("model").textContent = [`Network: ${model.name}.`, model.summary, licence, `Exported by srgan ${model.version}.`]
    .filter(Boolean).join(" ");
  $("file").disabled = false;
  say(`Ready (${engine}).`);
}

/** Resizes a canvas, and returns its drawing context. */
function sized(canvas, width, height) {
  Object.assign(canvas, { width, height });
  return canvas.getContext("2d");
}

async function take(file) {
  if (!model || !file) return;
  halt();
  const mine = job;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (mine !== job) return; // another one was chosen meanwhile
  if (!bitmap) {
    say(`${file.name}: this browser cannot read it; try a PNG, JPEG or WebP.`, true);
    return;
  }
  const { width, height } = bitmap;
  const larger = [width, height].map(side => side * model.scale);
  if (Math.max(...larger) > MOST_SIDE || larger[0] * larger[1] > MOST_PIXELS) {
    say(`${file.name}: the result would have ${larger.join("×")} pixels, too many for a browser; use srgan upscale.`, true);
    return;
  }
  const before = sized($("before"), width, height);
  before.drawImage(bitmap, 0, 0);
  const { data: pixels } = before.getImageData(0, 0, width, height);
  const after = sized($("after"), ...larger);
  after.drawImage(bitmap, 0, 0, ...larger); // until the parts come
  source = (file.name ?? "picture").replace(/\.[^.]*$/, "");
  $("stack").style.setProperty("--actual", `${larger[0] / devicePixelRatio}px`);
  $("progress").value = 0;
  $("download").hidden = true;
  $("result").hidden = $("work").hidden = false;
  say(`Upscaling ${width}×${height} pixels…`);
  worker.postMessage({ job, pixels, width, height }, [pixels.buffer]);
}

/** Forgets what is being computed. */
function halt() {
  job++;
  worker.postMessage({ job });
  $("work").hidden = true;
}

function show({ part, x, y, width, done, total }) {
  $("after").getContext("2d").putImageData(new ImageData(part, width), x, y);
  $("progress").value = done / total;
  $("progress").textContent = `${done} of ${total}`;
  if (done === total) finish();
}

function finish() {
  const { width, height } = $("after"), finished = job;
  $("work").hidden = true;
  say("Writing the file…");
  $("after").toBlob(blob => {
    if (finished !== job) return;
    if (!blob) return say("This browser does not have enough memory for the result.", true);
    URL.revokeObjectURL($("download").href);
    Object.assign($("download"), { href: URL.createObjectURL(blob), download: `${source}-x${model.scale}.png`, hidden: false });
    say(`Done: ${width}×${height} pixels.`);
  });
}

function hear({ data }) {
  if (data.kind === "ready") ready(data);
  else if (data.kind === "broken") say(`The network could not be loaded: ${data.why}.`, true);
  else if (data.job !== job) return;
  else if (data.kind === "part") show(data);
  else {
    $("work").hidden = true;
    say(`The picture could not be upscaled: ${data.why}.`, true);
  }
}

/** Whether to load the page again, which gives it threads; tried once, where there is no WebGPU. */
async function mayGetThreads() {
  if (crossOriginIsolated || sessionStorage.asked || (await navigator.gpu?.requestAdapter())) return false;
  sessionStorage.asked = "once";
  await navigator.serviceWorker.register("isolation.js");
  await navigator.serviceWorker.ready;
  return true;
}

async function start() {
  say("Loading the network…");
  // Browsers refuse it for many reasons; the page then continues without.
  if (await mayGetThreads().catch(() => false)) return location.reload();
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = hear;
  worker.onerror = () => say("The network could not be loaded: this browser is too old for it.", true);
}

$("file").onchange = () => {
  take($("file").files[0]);
  $("file").value = ""; // so that the same file can be chosen again
};
$("stop").onclick = () => {
  halt();
  say("Stopped.");
};
addEventListener("paste", event => take(event.clipboardData.files[0]));
addEventListener("dragover", event => {
  event.preventDefault();
  $("drop").classList.add("over");
});
addEventListener("dragleave", () => $("drop").classList.remove("over"));
addEventListener("drop", event => {
  event.preventDefault();
  $("drop").classList.remove("over");
  take(event.dataTransfer.files[0]);
});

function divide(percent) {
  $("split").value = percent;
  $("stack").style.setProperty("--split", `${percent}%`);
}
$("split").oninput = () => divide($("split").value);
$("stack").onpointermove = $("stack").onpointerdown = event => {
  if (!event.buttons) return;
  const { left, width } = $("stack").getBoundingClientRect();
  divide(Math.min(100, Math.max(0, (100 * (event.clientX - left)) / width)));
};
$("actual").onchange = () => $("stack").classList.toggle("actual", $("actual").checked);

start();
