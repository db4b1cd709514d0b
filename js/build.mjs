import { build } from "esbuild";
import { writeFile } from "node:fs/promises";
import { notices } from "./notices.mjs";
import { options } from "./options.mjs";

const { metafile } = await build({ ...options, metafile: true });
await writeFile(new URL("../artnb/widgets/static/LICENSES.txt", import.meta.url), notices(metafile));
