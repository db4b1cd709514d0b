import { defineConfig } from "vitest/config";
import { workerText } from "./options.mjs";

export default defineConfig({
  plugins: [
    {
      name: "workers-as-text",
      enforce: "pre",
      async load(id) {
        if (!id.endsWith("?worker-text")) return null;
        return `export default ${JSON.stringify(await workerText(id.replace("?worker-text", "")))}`;
      },
    },
    {
      // As the build does.
      name: "styles-as-text",
      enforce: "pre",
      async resolveId(source, importer) {
        if (!source.endsWith(".css")) return null;
        const found = await this.resolve(source, importer, { skipSelf: true });
        return found && `${found.id}?raw`;
      },
    },
  ],
  test: { include: ["tests/**/*.test.{ts,tsx}"], css: true, restoreMocks: true, unstubGlobals: true },
});
