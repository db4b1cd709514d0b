import { defineConfig } from "vitest/config";
import { functionText } from "./options.mjs";

export default defineConfig({
  plugins: [
    {
      name: "programs-as-functions",
      enforce: "pre",
      async load(id) {
        if (!id.endsWith("?function")) return null;
        return functionText(id.replace("?function", ""));
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
  // A machine that others use, too, draws hundreds of rows in more than the 5 s that are usual.
  test: { include: ["tests/**/*.test.{ts,tsx}"], css: true, restoreMocks: true, unstubGlobals: true, testTimeout: 30_000 },
});
