// Puts the page together: what is chosen, with which settings.

import * as api from "./api.js";
import { dropped, inFolder } from "./files.js";
import { offerCamera } from "./camera.js";
import { choose, restore, start } from "./jobs.js";

const $ = id => document.getElementById(id);
let offers = [];

const chosen = () => document.querySelector("input[name=model]:checked")?.value ?? "";
const offer = () => offers.find(({ name, default: isUsual }) => (chosen() ? name === chosen() : isUsual));

/** A slider's value; "" at its maximum, or where the model has no such slider. */
const share = id => (offer()?.[id] && Number($(id).value) < 1 ? $(id).value : "");

/** The settings under the server's names; defaults are left out. */
function options() {
  const scale = $("scale").value;
  const all = {
    model: chosen(),
    detail: share("detail"),
    denoise: share("denoise"),
    consistent: $("consistent").checked ? "true" : "",
    scale: scale === "width" ? "" : scale,
    width: scale === "width" ? $("width").value : "",
    format: $("format").value,
    invented: offer()?.detail && $("invented").checked ? "true" : "",
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** The settings for one file: videos have no maps. */
function optionsOf(file) {
  const { invented, ...others } = options();
  const isVideo = file.type.startsWith("video/") || /\.(mkv|avi|flv|ts|m2ts|mpe?g)$/i.test(file.name);
  return isVideo || !invented ? others : { ...others, invented };
}

function drawModels() {
  const usual = offers.find(({ default: isUsual }) => isUsual);
  const all = [{ name: "", summary: `${usual.name} for pictures, fast for long videos.` }, ...offers];
  $("models").replaceChildren(...all.map(({ name, summary }) => {
    const label = document.createElement("label"), input = document.createElement("input"), text = document.createElement("span");
    label.className = "model";
    Object.assign(input, { type: "radio", name: "model", value: name, checked: name === "" });
    const title = Object.assign(document.createElement("strong"), { textContent: name || "Automatic" });
    text.append(title, Object.assign(document.createElement("span"), { className: "quiet", textContent: summary }));
    label.append(input, text);
    return label;
  }));
}

function drawSettings() {
  $("invented").disabled = !offer()?.detail;
  for (const id of ["detail", "denoise"]) {
    const value = Number($(id).value);
    $(id).disabled = !offer()?.[id];
    $(`${id}-shown`).textContent = $(id).disabled ? "not with this model" : value === 1 ? "all" : `${Math.round(100 * value)} %`;
  }
  $("width-label").hidden = $("scale").value !== "width";
  const extras = ["consistent", "invented"].filter(id => $(id).checked && !$(id).disabled).map(id => `, ${$(id).labels[0].textContent.trim().toLowerCase()}`);
  const size = $("scale").value === "width" ? `${$("width").value} pixels wide` : `${$("scale").value || 4}x per side`;
  $("summary").textContent = `${chosen() || "automatic"}, ${size}${extras.join("")}`;
}

$("settings").oninput = drawSettings;
$("settings").onsubmit = event => event.preventDefault();
for (const [id, pick] of [["files", files => [...files]], ["folder", inFolder], ["phone", files => [...files]]]) {
  $(id).onchange = () => {
    choose(pick($(id).files));
    $(id).value = ""; // so that the same can be chosen again
  };
}
for (const sample of document.querySelectorAll("[data-sample]")) {
  sample.onclick = async () => {
    const name = sample.dataset.sample;
    choose([new File([await (await fetch(name)).blob()], name, { type: "image/jpeg" })]);
  };
}
offerCamera(photo => choose([photo]));
$("start").onclick = () => {
  start(optionsOf);
  $("list-title").focus(); // the button is gone
};
addEventListener("paste", event => choose([...event.clipboardData.files]));
addEventListener("dragover", event => {
  event.preventDefault();
  $("drop").classList.add("over");
});
addEventListener("dragleave", () => $("drop").classList.remove("over"));
addEventListener("drop", async event => {
  event.preventDefault();
  $("drop").classList.remove("over");
  choose(await dropped(event.dataTransfer));
});

try {
  offers = await api.models();
  drawModels();
  drawSettings();
} catch (error) {
  $("models").textContent = error.message;
}
restore();
