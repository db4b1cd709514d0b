// Boxes side by side in a picture of a given shape: each as high up as it fits, then as far
// left (a skyline).

export interface Box {
  width: number;
  height: number;
}

/** Left upper corners of boxes, placed one after another in the order given. */
export function pack(boxes: Box[], aspect: number, gap: number): [number, number][] {
  const area = boxes.reduce((sum, box) => sum + (box.width + gap) * (box.height + gap), 0);
  const widest = boxes.reduce((most, box) => Math.max(most, box.width), 0);
  const limit = Math.max(widest, Math.sqrt(area * aspect)) + gap;
  let sky = [{ x: 0, y: 0, width: limit }];
  return boxes.map((box) => {
    const [width, height] = [box.width + gap, box.height + gap];
    let best = { x: 0, y: Infinity };
    for (const { x } of sky) {
      if (x + width > limit + gap + 1e-6) break;
      const y = sky.reduce((most, part) => (part.x < x + width && part.x + part.width > x ? Math.max(most, part.y) : most), 0);
      if (y < best.y) best = { x, y };
    }
    sky = raised(sky, best.x, best.x + width, best.y + height);
    return [best.x, best.y];
  });
}

function raised(sky: { x: number; y: number; width: number }[], from: number, to: number, y: number) {
  const parts = sky.flatMap((part) => {
    const end = part.x + part.width;
    const left = { ...part, width: Math.min(end, from) - part.x };
    const right = { x: Math.max(part.x, to), y: part.y, width: end - Math.max(part.x, to) };
    return [left, right].filter((each) => each.width > 0);
  });
  return [...parts, { x: from, y, width: to - from }].sort((a, b) => a.x - b.x);
}
