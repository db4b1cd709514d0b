// What JupyterLab and Notebook 7 let a widget do in their notebooks, found by asking.

import { t } from "./texts";

/** Goes to a cell, and says what happened; throws where it cannot. */
export type GoToCell = (notebook: string, cell: string) => string;

interface Context {
  path: string;
  model: { cells?: Iterable<{ id: string }> };
}
interface Manager {
  context?: Context;
  rendermime?: { linkHandler?: { handleLink(node: HTMLElement, path: string, fragment?: string): void } | null };
}

/** The way to cells, where the host has one: its own links lead to them. */
export function cellsOf(model: unknown): GoToCell | undefined {
  const manager = (model as { widget_manager?: Manager }).widget_manager;
  const context = manager?.context;
  const links = manager?.rendermime?.linkHandler;
  if (!context?.path || !links) return undefined;
  return (notebook, cell) => {
    const path = pathOf(notebook, context);
    if (!path) throw new Error(t("{0} is not open. Open it, then try again: its cell has the id {1}.", notebook, cell));
    const own = path === context.path;
    if (own && ![...(context.model.cells ?? [])].some(({ id }) => id === cell)) {
      throw new Error(t("{0} has no cell with the id {1} any more.", notebook, cell));
    }
    const link = document.createElement("a");
    link.href = "#";
    links.handleLink(link, path, `#cell-id=${cell}`);
    // Hosts before 4.6 listen on the page.
    document.body.append(link);
    link.click();
    link.remove();
    return own ? t("Went to the cell") : t("Went to {0}", notebook);
  };
}

/** Where a notebook of that name lies: this one, or one that is open in another tab. */
function pathOf(name: string, own: Context): string {
  const named = (path: string) => path === name || path.endsWith(`/${name}`);
  if (named(own.path)) return own.path;
  for (const tab of document.querySelectorAll<HTMLElement>(".lm-TabBar-tab[title]")) {
    // Lines such as "Path: folder/name.ipynb", in the host's language.
    const paths = tab.title.split("\n").map((line) => line.slice(line.indexOf(": ") + 2)).filter(named);
    if (paths.length) return paths.sort((a, b) => b.length - a.length)[0];
  }
  return "";
}
