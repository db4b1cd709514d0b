// Where the canvas looks: a point of the graph in its middle, and a scale.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class Camera {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  /** What is kept in sight, as nobody has moved since: all, or what the graph begins with. */
  keeps: "all" | "start" | "" = "";
  /** What is kept in sight again once no panel takes room: for its sake alone the camera moved. */
  lent: "all" | "start" | "" = "";

  static readonly LEAST = 0.02;
  static readonly MOST = 3;

  toScreen(x: number, y: number): [number, number] {
    return [
      (x - this.x) * this.scale + this.width / 2,
      (y - this.y) * this.scale + this.height / 2,
    ];
  }

  toGraph(sx: number, sy: number): [number, number] {
    return [
      (sx - this.width / 2) / this.scale + this.x,
      (sy - this.height / 2) / this.scale + this.y,
    ];
  }

  visible(): Box {
    const [left, top] = this.toGraph(0, 0);
    const [right, bottom] = this.toGraph(this.width, this.height);
    return { left, top, right, bottom };
  }

  /** Scale by `factor` so that the graph's point under (sx, sy) stays there. */
  zoom(factor: number, sx: number, sy: number) {
    const [gx, gy] = this.toGraph(sx, sy);
    this.keeps = this.lent = "";
    this.scale = Math.min(Camera.MOST, Math.max(Camera.LEAST, this.scale * factor));
    this.x = gx - (sx - this.width / 2) / this.scale;
    this.y = gy - (sy - this.height / 2) / this.scale;
  }

  pan(dx: number, dy: number) {
    this.keeps = this.lent = "";
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** How far to move, at least, to have `box` in sight with a margin; (0, 0) where it is. */
  toBring(box: Box, margin = 16): [number, number] {
    const seen = this.visible();
    const rim = margin / this.scale;
    const along = (low: number, high: number, from: number, to: number) => {
      if (low >= from && high <= to) return 0;
      if (high - low > to - from - 2 * rim) return (low + high - from - to) / 2;
      return low < from + rim ? low - rim - from : high + rim - to;
    };
    return [along(box.left, box.right, seen.left, seen.right), along(box.top, box.bottom, seen.top, seen.bottom)];
  }

  /** Where to look to have a point in the middle, as far as that shows no more than `box`. */
  about(x: number, y: number, box: Box, scale: number, margin = 36): { x: number; y: number; scale: number } {
    const along = (at: number, low: number, high: number, size: number) => {
      const half = (size / 2 - margin) / scale;
      return high - low <= 2 * half ? (low + high) / 2 : Math.min(high - half, Math.max(low + half, at));
    };
    return { x: along(x, box.left, box.right, this.width), y: along(y, box.top, box.bottom, this.height), scale };
  }

  /** Where to look to see all of `box`, never larger than life. */
  fitting(box: Box, margin = 36): { x: number; y: number; scale: number } {
    const w = Math.max(1, box.right - box.left);
    const h = Math.max(1, box.bottom - box.top);
    const scale = Math.min(
      (this.width - 2 * margin) / w,
      (this.height - 2 * margin) / h,
      1.15,
    );
    return {
      x: (box.left + box.right) / 2,
      y: (box.top + box.bottom) / 2,
      scale: Math.min(Camera.MOST, Math.max(Camera.LEAST, scale)),
    };
  }
}
