// The mock's photos: kept as they were sent.

/** A body that is no JSON. */
export function picture(request, then) {
  const parts = [];
  request.on("data", (part) => parts.push(part)).on("end", () => then(Buffer.concat(parts)));
}

export class MockPhotos {
  /** What was sent: thing, receipt of a claim if any, and bytes. */
  sent = [];

  take(thing, jpeg, receipt = null) {
    const photo = { id: `photo-${this.sent.length + 1}`, added: "2026-05-01T00:00:00Z", bytes: jpeg.length, width: 64, height: 48, sha256: "" };
    this.sent.push({ thing, receipt, jpeg, photo });
    return photo;
  }

  of(thing) {
    return this.sent.filter((one) => one.thing === thing).map((one) => one.photo);
  }

  picture(id) {
    return this.sent.find((one) => one.photo.id === id).jpeg;
  }

  remove(id) {
    this.sent = this.sent.filter((one) => one.photo.id !== id);
  }
}
