// The list of files: they are chosen, sent one after the other, polled and shown; their jobs survive a reload.

import * as api from "./api.js";
import * as shown from "./shown.js";

const $ = id => document.getElementById(id);
const KEY = "jobs", LOOK = 600, AT_ONCE = 4; // LOOK: milliseconds between polls; AT_ONCE: waiting jobs in each
const cards = []; // in the order of the page: {item, file, job, abort, words}; those with a file can be started
let sending = Promise.resolve();
let pending = 0;
let looks = 0;

const say = text => ($("said").textContent = text);

/** Adds files that were chosen; they wait for the start. */
export function choose(files) {
  for (const file of files) {
    const card = newCard(file.name);
    Object.assign(card, { file, isReady: true });
    card.stop.textContent = "Remove";
    card.stop.setAttribute("aria-label", `Remove ${card.name}`);
    draw(card, "Ready to start", 0);
  }
  if (files.length) say(`${count(files.length)} chosen`);
  offerStart();
}

/** Sends all files that are ready, with their current options; each card offers to do it again. */
export function start(optionsOf) {
  for (const card of cards.filter(card => card.isReady)) begin(card, optionsOf);
  offerStart();
}

function begin(card, optionsOf) {
  const { file } = card, options = optionsOf(file);
  card.isReady = false;
  card.abort = new AbortController();
  card.stop.textContent = "Cancel";
  card.stop.setAttribute("aria-label", `Cancel ${card.name}`);
  card.again.onclick = () => begin(Object.assign(newCard(file.name), { file }), optionsOf);
  draw(card, "Waiting to be sent", null);
  pending++;
  sending = sending.then(() => sendOne(card, file, options)).finally(() => pending--);
}

const count = number => (number === 1 ? "1 file" : `${number} files`);

function offerStart() {
  const ready = cards.filter(card => card.isReady).length;
  $("start").hidden = !ready;
  $("start").textContent = `Start ${count(ready)}`;
}

async function sendOne(card, file, options) {
  if (card.abort.signal.aborted) return;
  try {
    const onProgress = share => draw(card, `Sending, ${percent(share)}`, share);
    update(card, await api.send(file, options, { onProgress, signal: card.abort.signal }));
  } catch (error) {
    if (!card.abort.signal.aborted) fail(card, error.message);
  }
  keep();
}

/** Shows the jobs from before a reload. */
export async function restore() {
  for (const id of JSON.parse(sessionStorage.getItem(KEY) ?? "[]")) {
    const job = await api.job(id).catch(() => null);
    if (job) update(newCard(job.name), job);
  }
  keep();
  look();
}

const keep = () => sessionStorage.setItem(KEY, JSON.stringify(cards.filter(card => card.job).map(card => card.job.id)));
const isOver = card => ["done", "failed", "cancelled"].includes(card.job?.state);

/** Polls the jobs that run, and by turns some of those that wait: a short one may overtake long ones before it. */
async function look() {
  const open = cards.filter(card => card.job && !isOver(card));
  const running = open.filter(card => card.job.state === "running");
  const waiting = open.filter(card => card.job.state === "waiting").sort((one, other) => one.looked - other.looked);
  for (const card of [...running, ...waiting.slice(0, AT_ONCE)]) {
    if (!cards.includes(card)) continue;
    card.looked = ++looks;
    try {
      const job = await api.job(card.job.id);
      if (!cards.includes(card)) continue; // removed meanwhile
      if (job) update(card, job);
      else lose(card);
    } catch (error) {
      draw(card, error.message, null);
    }
  }
  setTimeout(look, LOOK);
}

function newCard(name) {
  const item = $("jobs").appendChild(document.createElement("li"));
  const card = { item, name, job: null, looked: 0 };
  item.className = "job";
  const part = (tag, className) => Object.assign(document.createElement(tag), { className });
  const head = part("div", "head"), row = part("div", "row");
  card.words = part("span", "state");
  card.bar = Object.assign(part("progress", ""), { max: 1 });
  card.bar.setAttribute("aria-label", `Progress of ${name}`);
  card.show = button("Show", `Show ${name}`, () => open(card));
  card.download = Object.assign(part("a", "button"), { textContent: "Download", hidden: true });
  card.stop = button("Cancel", `Cancel ${name}`, () => drop(card));
  card.again = button("Again", `Run ${name} again with the current settings`);
  card.show.hidden = card.again.hidden = true;
  head.append(Object.assign(part("span", "name"), { textContent: name }), " – ", card.words);
  row.append(card.show, card.download, card.again, card.stop);
  item.append(head, card.bar, row);
  cards.push(card);
  $("list").hidden = false;
  draw(card, "", null);
  return card;
}

function button(text, label, onclick) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, onclick });
  made.setAttribute("aria-label", label);
  return made;
}

function open(card) {
  shown.show(card.job);
  $("shown-title").focus();
  $("shown").scrollIntoView({ block: "start" });
}

/** Cancels or removes a file; the server deletes all it has of it. */
async function drop(card) {
  const at = cards.indexOf(card);
  if (at < 0) return; // a double click
  const wasOver = card.isReady || isOver(card) || card.item.classList.contains("failed");
  card.abort?.abort();
  cards.splice(at, 1); // it is no longer polled
  if (card.job) await api.remove(card.job.id).catch(() => {});
  if (card.job) shown.hide(card.job.id);
  card.item.remove();
  $("list").hidden = !cards.length;
  say(`${card.name}: ${wasOver ? "removed" : "cancelled"}`);
  keep();
  offerAll();
  offerStart();
  (cards[Math.min(at, cards.length - 1)]?.stop ?? $("files")).focus();
}

function update(card, job) {
  const before = card.job?.state;
  card.job = job;
  draw(card, words(job), job.share);
  if (job.state === "failed") return fail(card, job.error.detail);
  if (job.state === "cancelled") return fail(card, "Cancelled");
  if (job.state !== "done" || before === "done") return;
  card.item.classList.add("done");
  card.show.hidden = card.download.hidden = false;
  card.download.href = `v1/jobs/${job.id}/result`;
  card.download.download = job.result.name;
  card.download.setAttribute("aria-label", `Download ${job.result.name}`);
  end(card);
  say(`${card.name}: done`);
  offerAll();
  if (shown.isFree()) shown.show(job);
}

function fail(card, sentence) {
  card.item.classList.add("failed");
  card.words.textContent = sentence;
  end(card);
  say(`${card.name}: ${sentence}`);
}

/** The server has deleted the job: there is nothing left to poll. */
function lose(card) {
  card.job = null;
  fail(card, "The server no longer has this job.");
  keep();
}

/** The job is over: the card can be removed, or the job run again. */
function end(card) {
  card.bar.hidden = true;
  card.again.hidden = !card.file;
  card.stop.textContent = "Remove";
  card.stop.setAttribute("aria-label", `Remove ${card.name}`);
}

function draw(card, text, share) {
  card.words.textContent = text;
  if (share === null) card.bar.removeAttribute("value");
  else card.bar.value = share;
}

const percent = share => `${Math.floor(100 * share)} %`;

function words({ state, before_this: others, share, seconds_left: left, result }) {
  if (state === "waiting") return others ? `Waiting, ${others} ahead` : "Waiting, next";
  if (state === "done") {
    const notes = result.notes.length ? `. Note: ${result.notes.join("; ")}` : "";
    return `${result.output_size.join(" × ")} pixels, ${result.seconds.toFixed(1)} s, ${result.model}${notes}`;
  }
  if (share === null) return "Working";
  return `${percent(share)}${left === null ? "" : `, about ${time(left)} left`}`;
}

function time(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.ceil(whole / 60)} min` : `${Math.floor(whole / 3600)} h ${Math.ceil((whole % 3600) / 60)} min`;
}

function offerAll() {
  const ids = cards.filter(card => card.job?.state === "done").map(card => ["job", card.job.id]);
  $("all").hidden = ids.length < 2;
  $("all").href = `v1/results.zip?${new URLSearchParams(ids)}`;
}

addEventListener("beforeunload", event => {
  if (pending || cards.some(card => card.isReady)) event.preventDefault(); // what is not sent yet would be lost
});
