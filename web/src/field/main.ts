// The installers' page: a claim's code, the device, its place, and whether its
// first data has come. One screen a step; everything is kept until it is sent.

import { ApiError, post } from "../api";
import { byId, setText } from "../dom";
import { faultText } from "../faults";
import { tellIfSimulated } from "../simulated";
import { type Key, learn, onLanguage, startLanguageSwitch, t } from "../text";
import { fieldTexts } from "../texts/field";
import { codeFault, codeText, inGroups } from "./code";
import { DeviceStep } from "./device-step";
import { type Draft, type OpenClaim, STEPS, type Step, empty, forget, load, save } from "./draft";
import { keepPage } from "./keep-page";
import { PhotoBox } from "./photo-box";
import { PhotoStep } from "./photo-step";
import { PlaceStep } from "./place-step";
import { offerScan } from "./scan";
import { SentStep } from "./sent-step";
import { summary } from "./summary";

learn(fieldTexts);

const ASK_MS = 4_000;
/** What is to be mended where the platform refuses; the rest on the last screen. */
const MENDED_AT: Record<string, Step> = {
  "unknown-ticket": "code", "ticket-form": "code", "ticket-checksum": "code", "ticket-revoked": "code", "ticket-expired": "code", "claim-used": "code",
  "device-exists": "device", "other-device": "device", "id-missing": "device", "invalid-key": "device",
};

const draft: Draft = load();
const codeField = byId<HTMLInputElement>("code-text");
const noteField = byId<HTMLTextAreaElement>("note");
const device = new DeviceStep(draft, keep);
const place = new PlaceStep(draft, keep);
const photos = new PhotoBox(() => draw(), () => tell(t("field.unkept")));
const photoStep = new PhotoStep(photos, tell);
const sent = new SentStep(draft, keep, refused, photos);

function keep(): void {
  if (!save(draft)) tell(t("field.unkept"));
}

function tell(text: string): void {
  setText(byId("fault"), text);
  if (text !== "") byId("fault").scrollIntoView({ block: "nearest" });
}

function show(step: Step): void {
  draft.step = step;
  keep();
  for (const one of document.querySelectorAll<HTMLElement>("[data-step]")) one.hidden = one.dataset["step"] !== step;
  tell("");
  scrollTo(0, 0);
  draw();
  if (step === "place") place.open();
  if (step === "sent") sent.open();
}

function draw(): void {
  const at = STEPS.indexOf(draft.step);
  byId("steps").replaceChildren(
    ...STEPS.map((_, index) => {
      const dot = document.createElement("li");
      dot.className = index < at ? "done" : "";
      if (index === at) dot.setAttribute("aria-current", "step");
      return dot;
    }),
  );
  device.draw();
  photoStep.draw();
  byId("summary").replaceChildren(...summary(draft));
  byId("back").hidden = draft.step === "code" || draft.step === "sent";
  const next = byId<HTMLButtonElement>("next");
  next.hidden = draft.step === "sent" && draft.claimed === null;
  next.classList.toggle("primary", draft.step !== "sent" || sent.seen);
  const words: Record<Step, Key> = { code: "field.next", device: "field.next", place: "field.next", check: "field.send", sent: sent.seen ? "field.again" : "field.again.early" };
  setText(next, t(words[draft.step]));
  sent.draw();
}

/** Asks what the code is for; without a network that comes later. */
async function readClaim(): Promise<void> {
  const late = new Promise<never>((_, fail) => setTimeout(() => fail(new ApiError(0, "", null, null)), ASK_MS));
  try {
    draft.claim = await Promise.race([post<OpenClaim>("/v1/claims/read", { code: draft.code }), late]);
    if (draft.claim.device !== null) draft.id = draft.claim.device;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    draft.claim = null;
  }
}

async function leaveCode(): Promise<Step | null> {
  const code = inGroups(codeText(codeField.value));
  const fault = codeFault(code);
  if (fault !== null) {
    codeField.setAttribute("aria-invalid", "true");
    codeField.focus();
    tell(t(`field.code.${fault}`));
    return null;
  }
  if (code !== draft.code) draft.claim = null;
  draft.code = codeField.value = code;
  await readClaim();
  return "device";
}

const LEAVING: Record<Exclude<Step, "sent">, () => Promise<Step | null> | Step | null> = {
  code: leaveCode,
  device: () => complain(device.fault(), "place"),
  place: () => complain(place.fault(), "check"),
  check: () => {
    draft.sending = true;
    return "sent";
  },
};

function complain(fault: Key | null, next: Step): Step | null {
  if (fault === null) return next;
  tell(t(fault));
  return null;
}

async function goOn(): Promise<void> {
  if (draft.step === "sent") return startAnew();
  const button = byId<HTMLButtonElement>("next");
  button.disabled = true;
  try {
    const next = await LEAVING[draft.step]();
    if (next !== null) show(next);
  } catch (error) {
    refused(error);
  } finally {
    button.disabled = false;
  }
}

/** Back to where it can be mended, with the reason. */
function refused(error: unknown): void {
  draft.sending = false;
  const code = error instanceof ApiError ? error.code : null;
  const step = code === null ? undefined : MENDED_AT[code];
  show(step ?? (draft.step === "sent" ? "check" : draft.step));
  tell(step === undefined ? faultText(error) : t(`field.fault.${code}` as Key));
}

function startAnew(): void {
  sent.leave();
  forget();
  photos.startAnew();
  Object.assign(draft, empty());
  fill();
  show("code");
}

function fill(): void {
  codeField.value = draft.code;
  noteField.value = draft.note;
  device.fill();
  place.fill();
}

/** `/field#CODE`, as the claim's QR code says. */
function takeFragment(): void {
  const code = codeText(location.hash);
  if (code === "") return;
  if (draft.sending) return tell(t("field.busy"));
  history.replaceState(null, "", location.pathname + location.search);
  if (inGroups(code) === draft.code) return;
  if (draft.code !== "") startAnew();
  codeField.value = inGroups(code);
  if (codeFault(code) === null) void goOn();
}

for (const form of document.querySelectorAll("main > form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void goOn();
  });
}
byId("next").addEventListener("click", () => void goOn());
byId("back").addEventListener("click", () => show(STEPS[Math.max(0, STEPS.indexOf(draft.step) - 1)] ?? "code"));
codeField.addEventListener("input", () => {
  codeField.removeAttribute("aria-invalid");
  tell("");
});
noteField.addEventListener("input", () => {
  draft.note = noteField.value;
  keep();
});
offerScan(byId("code-scan"), tell, (text) => {
  codeField.value = inGroups(codeText(text));
  void goOn();
});
const network = (): void => void (byId("offline").hidden = navigator.onLine);
for (const event of ["online", "offline"]) addEventListener(event, network);
addEventListener("hashchange", takeFragment);
sent.onChange = draw;
onLanguage(draw);
startLanguageSwitch();
network();
fill();
show(draft.step);
takeFragment();
void photos.send();
void tellIfSimulated();
void keepPage().catch(() => undefined);
