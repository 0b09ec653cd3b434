// The place where a result is looked at.

import { Player } from "./video.js";
import { Viewer } from "./viewer.js";

const $ = id => document.getElementById(id);
const viewer = new Viewer($("viewer"), $("split"), percent => ($("zoom").textContent = `${percent} %`));
const player = new Player($("play-row"), $("play"), $("time"));
let current = null; // the job that is shown

$("in").onclick = () => viewer.zoom(1.5);
$("out").onclick = () => viewer.zoom(1 / 1.5);
$("fit").onclick = () => viewer.whole();
$("actual").onclick = () => viewer.actual();
$("beside").onchange = () => viewer.beside($("beside").checked);
$("overlay").onchange = () => ($("viewer").querySelector(".map").hidden = !$("overlay").checked);

export const isFree = () => current === null;

export function hide(id) {
  if (current !== id) return;
  current = null;
  $("shown").hidden = true;
  player.take(null);
}

export async function show(job) {
  current = job.id;
  $("shown").hidden = false;
  $("shown-title").textContent = `Before and after: ${job.name}`;
  $("viewer-note").textContent = "Loading…";
  const make = job.video ? video : picture;
  const [before, after, map] = await Promise.all([
    make(`v1/jobs/${job.id}/source`, `${job.name} before`),
    make(`v1/jobs/${job.id}/result`, `${job.name} after`),
    job.result.invented ? picture(`v1/jobs/${job.id}/invented`, "Map of what the model invented, from yellow to red") : null,
  ]);
  if (current !== job.id) return; // another one was asked for meanwhile
  $("overlay-label").hidden = !map;
  $("beside-label").hidden = !(before && after);
  $("beside").checked = job.video && Boolean(before && after);
  $("overlay").checked = false;
  $("overlay").onchange();
  $("viewer-note").textContent = note(before, after);
  player.take(...(job.video ? [after, before] : []));
  viewer.show({ before: after && before, after, map, size: job.result.output_size, isBeside: $("beside").checked });
}

function note(before, after) {
  if (!after) return "This browser cannot show the format of the result. Download it instead.";
  return before ? "" : "This browser cannot show the format of the original.";
}

/** An element that has loaded; null if the browser cannot show it. */
async function picture(url, words) {
  const image = Object.assign(new Image(), { src: url, alt: words, draggable: false });
  return image.decode().then(() => image, () => null);
}

function video(url, words) {
  const video = Object.assign(document.createElement("video"), { preload: "auto", playsInline: true });
  video.setAttribute("aria-label", words);
  return new Promise(done => {
    video.onloadeddata = () => done(video.videoWidth ? video : null);
    video.onerror = () => done(null);
    video.src = url;
  });
}
