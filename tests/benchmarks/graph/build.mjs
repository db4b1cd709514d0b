// The two programs that are measured, from the widget's own sources: one for node, one for the
// page. `build.mjs FOLDER` writes them there.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { options } from "../../../js/options.mjs";

const { build } = createRequire(new URL("../../../js/package.json", import.meta.url))("esbuild");
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const [folder] = process.argv.slice(2);
// Elk has a branch for web workers in node, which is not taken.
const common = { ...options, minify: !process.env.PLAIN, logLevel: "error", external: ["web-worker"] };

await build({ ...common, entryPoints: [here("measure.mjs")], outfile: `${folder}/measure.mjs`, platform: "node" });
await build({ ...common, entryPoints: [here("page.mjs")], outfile: `${folder}/page.js`, format: "iife" });
