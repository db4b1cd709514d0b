// An answer that a part of the panel waits for.

import { reasonOf } from "../format";
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Loading } from "../state";
import { Problem } from "./parts";
import { t } from "../texts";

/** What the answer is by now; asked again when one of `keys` is another. */
export function useLoaded<T>(ask: () => Promise<T>, keys: unknown[], failed?: () => void): Loading<T> {
  const [loaded, setLoaded] = useState<Loading<T>>({ status: "pending" });
  useEffect(() => {
    let gone = false;
    setLoaded({ status: "pending" });
    ask().then(
      (value) => gone || setLoaded({ status: "ready", value }),
      (error) => {
        if (gone) return;
        setLoaded({ status: "error", message: reasonOf(error) });
        failed?.();
      },
    );
    return () => {
      gone = true;
    };
  }, keys);
  return loaded;
}

/** The answer, or that it is awaited, or why there is none. */
export function Loaded<T>({ what, show }: { what: Loading<T>; show(value: T): ComponentChildren }) {
  if (what.status === "pending") return <p class="none">{t("Loading…")}</p>;
  if (what.status === "ready") return <>{show(what.value)}</>;
  return (
    <Problem text={what.message} />
  );
}
