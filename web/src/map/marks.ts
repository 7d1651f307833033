// How devices look on the map. Colour and shape both tell the domain, and a
// hollow mark a silent device, so that nobody needs to see the hues apart.
// Hues: Okabe and Ito's palette for colour vision deficiency.

export type Shape = "triangle" | "square" | "circle" | "diamond";

const DOMAINS: Record<string, { shape: Shape; variable: string }> = {
  disaster: { shape: "triangle", variable: "--disaster" },
  traffic: { shape: "square", variable: "--traffic" },
  safety: { shape: "circle", variable: "--safety" },
};
const OTHER = { shape: "diamond" as const, variable: "--other" };

export const markOf = (domain: string): { shape: Shape; variable: string } => DOMAINS[domain] ?? OTHER;

/** Corners of each shape around 0,0 for a radius of 1. */
const CORNERS: Record<Exclude<Shape, "circle">, readonly (readonly [number, number])[]> = {
  triangle: [[0, -1.15], [1.1, 0.8], [-1.1, 0.8]],
  square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
};

export function shapePath(context: CanvasRenderingContext2D, shape: Shape, x: number, y: number, radius: number): void {
  context.beginPath();
  if (shape === "circle") {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  CORNERS[shape].forEach(([dx, dy], i) => {
    if (i === 0) context.moveTo(x + dx * radius, y + dy * radius);
    else context.lineTo(x + dx * radius, y + dy * radius);
  });
  context.closePath();
}

/** The same shape as an SVG path in a box of 16, for lists and the legend. */
export function svgPath(shape: Shape): string {
  if (shape === "circle") return "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z";
  return `M${CORNERS[shape].map(([x, y]) => `${8 + 5.5 * x} ${8 + 5.5 * y}`).join("L")}z`;
}
