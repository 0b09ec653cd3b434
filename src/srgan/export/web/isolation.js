// A service worker: it adds the headers with which browsers allow threads, where the server does not send them.
addEventListener("install", () => skipWaiting());
addEventListener("fetch", event => event.respondWith(isolated(event.request)));

async function isolated(request) {
  const { body, headers, status, statusText } = await fetch(request);
  const more = new Headers(headers);
  more.set("Cross-Origin-Opener-Policy", "same-origin");
  more.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(body, { headers: more, status, statusText });
}
