// A description or notes: markdown, drawn element by element, and edited where a kernel is there.

import { reasonOf } from "../format";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChild } from "preact";
import { markdown, type Node } from "../markdown";
import { Problem } from "./parts";
import { t, type Text } from "../texts";

type Named = "Description" | "Notes";
const EDIT: Record<Named, [Text, Text]> = { Description: ["Edit description", "Add description"], Notes: ["Edit notes", "Add notes"] };

interface Props {
  /** What it is called: Description, Notes. */
  name: Named;
  text: string | null;
  /** Absent where nothing can be changed. */
  write?: (text: string) => Promise<void>;
}

export function Prose({ name, text, write }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const open = useRef<HTMLButtonElement>(null);
  const close = () => {
    setDraft(null);
    requestAnimationFrame(() => open.current?.focus());
  };
  if (draft !== null && write) return <Editor name={name} draft={draft} change={setDraft} write={write} close={close} />;
  return (
    <>
      {text && <Markdown text={text} />}
      {write && (
        <p class="edit">
          <button ref={open} class="quiet" data-testid="artnb-text-edit" onClick={() => setDraft(text ?? "")}>
            {t(EDIT[name][text ? 0 : 1])}
          </button>
        </p>
      )}
    </>
  );
}

function Editor(props: { name: Named; draft: string; change(text: string): void; write(text: string): Promise<void>; close(): void }) {
  const { name, draft, change, write, close } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await write(draft);
      close();
    } catch (error) {
      // What was typed stays.
      setProblem(reasonOf(error));
      setBusy(false);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Escape") event.stopPropagation(), close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(event);
  };
  return (
    <form class="editor" onSubmit={save} onKeyDown={onKey}>
      <textarea ref={area} aria-label={t(name)} data-testid="artnb-text" rows={6} value={draft} readOnly={busy} onInput={(event) => change(event.currentTarget.value)} />
      <p class="hint">{t("Markdown. Ctrl+Enter saves, Esc leaves it as it was.")}</p>
      <Problem text={problem} />
      <div class="actions">
        <button type="submit" data-testid="artnb-text-save" disabled={busy}>
          {t("Save")}
        </button>
        <button type="button" disabled={busy} onClick={close}>
          {t("Cancel")}
        </button>
      </div>
    </form>
  );
}

export function Markdown({ text }: { text: string }) {
  return (
    <div class="description" dir="auto" data-testid="artnb-description">
      {markdown(text).map(drawn)}
    </div>
  );
}

function drawn(node: Node): ComponentChild {
  if (typeof node === "string") return node;
  switch (node.kind) {
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "box":
      return <span>{node.checked ? "☑ " : "☐ "}</span>;
    case "code":
      return <code>{node.text}</code>;
    case "block":
      return (
        <pre class="code" tabIndex={0}>
          {node.text}
        </pre>
      );
    case "link":
      return (
        <a href={node.href} title={node.href} target="_blank" rel="noopener noreferrer nofollow">
          {node.of.map(drawn)}
        </a>
      );
    case "heading":
      // One level below the panel's own, whatever the person chose: none may be skipped.
      return <h3 class={node.level < 3 ? "large" : ""}>{node.of.map(drawn)}</h3>;
    case "list":
      return node.start === null ? <ul>{node.of.map(drawn)}</ul> : <ol start={node.start}>{node.of.map(drawn)}</ol>;
    case "table":
      return (
        <div class="rows" tabIndex={0} role="region" aria-label={t("Table")}>
          <table class="files">
            <thead>
              <tr>{node.head.map((cell) => <th scope="col">{cell.map(drawn)}</th>)}</tr>
            </thead>
            <tbody>
              {node.rows.map((row) => (
                <tr>{row.map((cell) => <td>{cell.map(drawn)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    default: {
      const Tag = node.kind;
      return <Tag>{node.of.map(drawn)}</Tag>;
    }
  }
}
