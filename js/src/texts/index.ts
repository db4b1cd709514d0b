// Every text that a person sees, in their language. The English text is its own key, so that
// the code reads as the page does; `{0}`, `{1}`, ... stand for values. Python reads the same
// translations.

import { signal } from "@preact/signals";
import ko from "../../../artnb/texts/ko.json";

export type Text = keyof typeof ko;
export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text of Python's: whole in English and, where it has one, by its template. */
export interface Sentence {
  message: string;
  template?: string;
  values?: Said[];
}
export type Said = string | Sentence;

/** What is spoken. Its own for each widget in JupyterLab, which loads the module for each. */
export const language = signal<Language>("en");

/** Speak what was asked for, else the browser's first language that is known. */
export function speak(asked = "", browser: readonly string[] = globalThis.navigator?.languages ?? []) {
  const known = [asked, ...browser].map((each) => LANGUAGES.find((one) => each.toLowerCase().split("-")[0] === one));
  language.value = known.find(Boolean) ?? "en";
}

/** The text in the language that is spoken, with its values. */
export function t(text: Text, ...values: (string | number)[]): string {
  const said: string = language.value === "ko" ? ko[text] : text;
  return said.replace(/\{(\d)\}/g, (hole, place) => String(values[place] ?? hole));
}

/** A word that Python sends, such as a state: translated where it is one of ours. */
export function word(said: string): string {
  return Object.hasOwn(ko, said) ? t(said as Text) : said;
}

/** What Python said: in English where it has no template, or one that this page does not know. */
export function told(said: Said): string {
  if (typeof said === "string") return said;
  const { message, template = "", values = [] } = said;
  return Object.hasOwn(ko, template) ? t(template as Text, ...values.map(told)) : message;
}

/** One of two texts, by a count, which is their `{0}`. */
export function tn(count: number, one: Text, many: Text): string {
  return t(count === 1 ? one : many, shown(count));
}

/** How dates are written: the browser's own way, where it speaks the language. */
export const locale = () => (globalThis.navigator?.language?.startsWith(language.value) ?? language.value === "en" ? undefined : language.value);

const shown = (count: number) => count.toLocaleString("en-US");
