// Builds the one module that the widget and the exported page load: no CDN, no second file.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
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
});
