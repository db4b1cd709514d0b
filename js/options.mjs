// How the one module is made that the widget and the exported page load: no CDN, no second
// file. Apart from the build, so that a test measures the same and writes nothing.
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const options = {
  entryPoints: [here("src/widget.ts")],
  outfile: here("../artnb/widgets/static/widget.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "text" },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};
