// Opens the installers' page without a network: what was fetched last is kept,
// and answered where the network does not answer in time.

const KEPT = "madang-field";
const IN_TIME_MS = 4_000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === self.location.origin && (pathname === "/field" || pathname.startsWith("/assets/"));
  if (ours && event.request.method === "GET") event.respondWith(answer(event.request));
});

async function answer(request) {
  const kept = await caches.match(request, { ignoreSearch: true });
  try {
    const fresh = await fetch(request, kept ? { signal: AbortSignal.timeout(IN_TIME_MS) } : {});
    if (fresh.ok) await (await caches.open(KEPT)).put(request, fresh.clone());
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
