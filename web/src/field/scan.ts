// Reads a QR code with the phone's camera, where the browser can.

import { byId, setText } from "../dom";
import { onLanguage, t } from "../text";

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type Detectors = new (options: { formats: string[] }) => Detector;

const LOOK_EVERY_MS = 150;

/** A button that scans; where the browser cannot, words in its place. */
export function offerScan(button: HTMLElement, tell: (text: string) => void, found: (text: string) => void): void {
  const note = button.nextElementSibling;
  const fault = scanFault();
  button.hidden = fault !== null;
  const draw = (): void => {
    if (note) setText(note, fault === null ? "" : t(`field.scan.${fault}`));
  };
  onLanguage(draw);
  draw();
  button.addEventListener("click", () => {
    void scan()
      .then((text) => text !== null && found(text))
      .catch(() => tell(t("field.scan.refused")));
  });
}

/** Why there is no scanning here: browsers give the camera to safe pages only. */
function scanFault(): "insecure" | "unable" | null {
  if (!isSecureContext) return "insecure";
  return "BarcodeDetector" in window && navigator.mediaDevices !== undefined ? null : "unable";
}

/** The text of the first code that the camera sees; null where the user closes
 * it. Throws where the camera is refused. */
async function scan(): Promise<string | null> {
  const { BarcodeDetector } = window as unknown as { BarcodeDetector: Detectors };
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const dialog = byId<HTMLDialogElement>("camera");
  const video = byId<HTMLVideoElement>("camera-view");
  video.srcObject = stream;
  dialog.showModal();
  try {
    await video.play();
    while (dialog.open) {
      const [found] = await detector.detect(video);
      if (found) return found.rawValue;
      await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    dialog.close();
  }
}
