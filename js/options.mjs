// How the one module is made that the widget and the exported page load: no CDN, no second
// file. Apart from the build, so that a test measures the same and writes nothing.
import { build, transform } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * A program as the text of a module that has it as one function, of what the program calls
 * `take`: the page calls it, and a worker runs its text, so that it is here once.
 */
export async function functionText(path) {
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, minify: true, format: "iife", target: "es2022", write: false });
  return `export default function (take) {${outputFiles[0].text}}`;
}

const functions = {
  name: "programs-as-functions",
  setup(plugins) {
    plugins.onResolve({ filter: /\?function$/ }, (found) => ({
      path: new URL(found.path.replace("?function", ""), `file://${found.resolveDir}/`).pathname,
      namespace: "function",
    }));
    plugins.onLoad({ filter: /.*/, namespace: "function" }, async ({ path }) => ({ contents: await functionText(path), loader: "js" }));
  },
};

const styles = {
  name: "small-styles",
  setup(plugins) {
    plugins.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

/** What marked's module does when it is loaded, to write HTML with: from it on to the end. */
const WRITER = /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse[^]*?export\{[^}]*?(\w+) as Lexer[^]*$/;

/** What uPlot offers and nothing here asks for: by these lines alone it holds on to the code. */
const OFFERS = /^(\t\(paths\.(stepped|spline)|\tuPlot\.(fmtDate|addGap|clipGaps)|uPlot\.(assign|fmtNum|range\w+|orient|sync)) .*\n/gm;

/** 4 kB when gzipped: what no bundler can tell that it is never used. */
const parts = [
  [/marked\.esm\.js$/, WRITER, "export{$2 as Lexer};"],
  [/uPlot\.esm\.js$/, OFFERS, ""],
];
const trimmed = {
  name: "libraries-without-what-is-not-used",
  setup(plugins) {
    for (const [filter, what, left] of parts) {
      plugins.onLoad({ filter }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const contents = text.replace(what, left);
        if (contents === text) throw new Error(`${path} is written otherwise than this build knows: see js/options.mjs.`);
        return { contents, loader: "js" };
      });
    }
  },
};

export const options = {
  entryPoints: [here("src/widget.ts")],
  outfile: here("../artnb/widgets/static/widget.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "inline",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [functions, styles, trimmed],
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};
