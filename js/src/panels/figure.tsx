// A picture, fetched when it comes into sight, with its masks and boxes over it.

import { reasonOf } from "../format";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Box, Picture } from "../protocol";
import type { State } from "../state";
import { t } from "../texts";

const MOST_NAMED = 20;

/** Of a width that is shown pixel by pixel, many in a row. */
export const isSmall = (width: number) => width > 0 && width < 96;

/** `enlarges`: it stands beside others, and a click makes it as wide as the panel. */
export function Figure(props: { state: State; picture: Picture; label: string; enlarges?: boolean }) {
  const { picture } = props;
  const masks = picture.masks ?? [];
  const digests = [picture.digest, ...masks.map((mask) => mask.digest)];
  const holder = useRef<HTMLElement>(null);
  const [sources, setSources] = useState<string[]>([]);
  const [problem, setProblem] = useState("");
  const [large, setLarge] = useState(false);
  useEffect(() => {
    const urls: string[] = [];
    let gone = false;
    const observer = new IntersectionObserver((seen) => {
      if (!seen.some((each) => each.isIntersecting)) return;
      observer.disconnect();
      digests.forEach((digest, i) =>
        props.state.backend.blob(digest).then(
          (data) => {
            if (gone) return;
            urls[i] = URL.createObjectURL(new Blob([data as BlobPart], { type: `image/${i ? "png" : picture.format}` }));
            setSources([...urls]);
          },
          (error) => gone || setProblem(reasonOf(error)),
        ),
      );
    });
    if (holder.current) observer.observe(holder.current);
    return () => {
      gone = true;
      observer.disconnect();
      urls.forEach((url) => URL.revokeObjectURL(url));
    };
  }, [digests.join()]);
  const caption = picture.caption ?? "";
  const layers = (
    <>
      {sources.map((source, i) => source && <img key={i} class={i ? "over" : ""} src={source} alt={i ? "" : caption || props.label} />)}
      {sources[0] && boxesOf(picture)}
      {problem && <p class="problem">{problem}</p>}
    </>
  );
  const style = picture.width ? { aspectRatio: `${picture.width} / ${picture.height}` } : {};
  const names = Object.entries(Object.assign({}, ...masks.map((mask) => mask.class_labels)) as Record<string, string>);
  return (
    <figure ref={holder} class={`${isSmall(picture.width) ? "small" : ""} ${large ? "large" : ""}`} data-testid="artnb-image">
      {props.enlarges ? (
        <button class="frame" style={style} aria-pressed={large} aria-label={t("Enlarge {0}", caption || props.label)} onClick={() => setLarge(!large)}>
          {layers}
        </button>
      ) : (
        <div class="frame" style={style}>
          {layers}
        </div>
      )}
      {caption && (
        <figcaption title={caption}>
          <bdi>{caption}</bdi>
        </figcaption>
      )}
      {names.length > 0 && (
        <figcaption class="classes">
          {names.slice(0, MOST_NAMED).map(([id, name]) => (
            <span key={id} class={colour(id)}>
              <bdi>{name}</bdi>
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

function boxesOf(picture: Picture) {
  try {
    return Object.values(picture.boxes ?? {}).flatMap(({ box_data, class_labels }) =>
      box_data.map((box, i) => (
        <div key={i} class={`over box ${colour(box.class_id)}`} style={placed(box, picture)} data-testid="artnb-box">
          <bdi>{box.box_caption ?? class_labels[String(box.class_id)]}</bdi>
        </div>
      )),
    );
  } catch {
    return null; // a table's cell may hold what artnb did not write
  }
}

// As the masks' own palette has them.
const colour = (id: unknown) => `l${Math.abs(Number(id) || 0) % 7}`;

/** Where a box lies, in parts of the picture. */
function placed({ position: at, domain }: Box, { width, height }: Picture) {
  const [across, down] = domain === "pixel" ? [width || 1, height || 1] : [1, 1];
  const { width: w = at.maxX! - at.minX!, height: h = at.maxY! - at.minY!, middle: [x, y] = [at.minX! + w / 2, at.minY! + h / 2] } = at;
  const share = (part: number, of: number) => `${(100 * part) / of}%`;
  return { left: share(x - w / 2, across), top: share(y - h / 2, down), width: share(w, across), height: share(h, down) };
}
