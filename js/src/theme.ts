// The host's colours, resolved for the canvas, and a palette that holds on both grounds.

export interface Theme {
  dark: boolean;
  ground: string;
  surface: string;
  text: string;
  muted: string;
  line: string;
  accent: string;
  run: string;
  warn: string;
  good: string;
  caution: string;
  palette: string[];
}

// Okabe and Ito (2008), told apart by colour-blind eyes; darkened or lightened so that
// each has a contrast of 3 or more with its ground.
const ON_LIGHT = ["#0072b2", "#b86e00", "#00805c", "#b0568c", "#2a7fb0", "#c14d00", "#7a6a00"];
const ON_DARK = ["#56a9e0", "#f0b040", "#2fc79a", "#e394c0", "#8fd0f5", "#f58a4b", "#e0d04a"];

/** Read the colours that the stylesheet took from the host. */
export function readTheme(root: HTMLElement): Theme {
  const style = getComputedStyle(root);
  const of = (name: string) => {
    const probe = root.querySelector<HTMLElement>(`[data-probe="${name}"]`);
    return probe ? getComputedStyle(probe).color : style.color;
  };
  const ground = of("ground");
  const dark = luminance(ground) < 0.4;
  return {
    dark,
    ground,
    surface: of("surface"),
    text: of("text"),
    muted: of("muted"),
    line: of("line"),
    accent: of("accent"),
    run: dark ? "#a3adbd" : "#5b6576",
    warn: dark ? "#ff8a80" : "#c0241b",
    good: dark ? "#5ad19a" : "#138a55",
    caution: dark ? "#f2c14e" : "#8a5a00",
    palette: dark ? ON_DARK : ON_LIGHT,
  };
}

function luminance(colour: string): number {
  const parts = colour.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
  // color(srgb r g b) counts to 1, rgb() to 255.
  const scale = colour.startsWith("color(") ? 1 : 255;
  const [r, g, b] = parts.slice(0, 3).map((v) => v / scale);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Call back when the host may have changed its theme. */
export function watchTheme(callback: () => void, signal: AbortSignal) {
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", callback, { signal });
  for (const kind of ["beforeprint", "afterprint"]) addEventListener(kind, callback, { signal });
  const observer = new MutationObserver(callback);
  const what = { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name", "data-theme", "data-vscode-theme-kind"] };
  observer.observe(document.body, what);
  observer.observe(document.documentElement, what);
  signal.addEventListener("abort", () => observer.disconnect());
}
