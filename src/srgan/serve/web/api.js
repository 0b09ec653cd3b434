// What the page asks the server. Every failure becomes an Error with one sentence.

const sentence = async response => {
  const problem = await response.json().catch(() => null);
  return new Error(problem?.detail ?? `The server answered ${response.status}.`);
};

async function ask(url, options) {
  const response = await fetch(url, options).catch(() => null);
  if (!response) throw new Error("The server cannot be reached.");
  if (!response.ok && response.status !== 404) throw await sentence(response);
  return response;
}

export async function models() {
  return (await (await ask("v1/models")).json()).models;
}

/** A job's current state; null if the server no longer has it. */
export async function job(id) {
  const response = await ask(`v1/jobs/${id}`);
  return response.status === 404 ? null : response.json();
}

export async function remove(id) {
  await ask(`v1/jobs/${id}`, { method: "DELETE" });
}

const pause = seconds => new Promise(done => setTimeout(done, 1000 * seconds));

/** Sends a file, again and again while the server is busy; returns the job. */
export async function send(file, options, { onProgress, signal }) {
  for (;;) {
    const { status, answer, wait } = await upload(file, options, onProgress, signal);
    if (status === 202) return answer;
    if (status !== 429) throw new Error(answer?.detail ?? "The server cannot be reached.");
    await pause(wait);
    signal.throwIfAborted();
  }
}

function upload(file, options, onProgress, signal) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest(); // reports upload progress, which fetch does not
    request.open("POST", `v1/jobs?${new URLSearchParams({ ...options, name: file.name })}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = event => onProgress(event.loaded / event.total);
    request.onloadend = () => done({
      status: request.status, answer: request.response, wait: Number(request.getResponseHeader("Retry-After") ?? 5),
    });
    signal.addEventListener("abort", () => { request.abort(); fail(signal.reason); });
    request.send(file);
  });
}
