// Makes a photo small enough to be sent: the platform takes JPEG of at most
// 512 KiB, and a phone's camera makes ten times that.

/** The longest side, in pixels. */
const LONGEST_SIDE = 1_280;
const MOST_BYTES = 512 * 1024;
/** Tried one after the other until it is small enough. */
const QUALITIES = [0.8, 0.6, 0.4] as const;

/** The picture as JPEG, upright; throws where the browser cannot read it. What
 * else the file tells, as where it was taken, is not in it any more. */
export async function scaled(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = drawn(picture, LONGEST_SIDE);
  picture.close();
  for (const quality of QUALITIES) {
    const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (jpeg !== null && jpeg.type === "image/jpeg" && jpeg.size <= MOST_BYTES) return jpeg;
  }
  throw new Error("the photo cannot be made small enough");
}

/** On a canvas no side of which is longer. */
export function drawn(picture: ImageBitmap, longest: number): HTMLCanvasElement {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}
