// Keeps the page itself for the next time without a network, where the browser
// can (https, or the machine itself).

const KEPT = "madang-field";

/** The first time nothing goes through the worker: what the page has loaded, and
 * what its map will, is kept by hand. */
export async function keepPage(): Promise<void> {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/field-worker.js", { scope: "/field" });
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  const assets = loaded.filter((path) => path.startsWith("/assets/"));
  const cache = await caches.open(KEPT);
  await cache.addAll([...new Set(["/field", "/assets/map.json", ...assets])]);
}
