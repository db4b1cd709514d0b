import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
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
