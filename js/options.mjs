// How the one module is made that the widget and the exported page load: no CDN, no second
// file. Apart from the build, so that a test measures the same and writes nothing.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A worker's program as text, which the page makes a worker from: no second file. */
export async function workerText(path) {
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, minify: true, format: "iife", target: "es2022", write: false });
  return outputFiles[0].text;
}

const workers = {
  name: "workers-as-text",
  setup(plugins) {
    plugins.onResolve({ filter: /\?worker-text$/ }, (found) => ({
      path: new URL(found.path.replace("?worker-text", ""), `file://${found.resolveDir}/`).pathname,
      namespace: "worker-text",
    }));
    plugins.onLoad({ filter: /.*/, namespace: "worker-text" }, async ({ path }) => ({ contents: await workerText(path), loader: "text" }));
  },
};

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
  plugins: [workers],
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};
