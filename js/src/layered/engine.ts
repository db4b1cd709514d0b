// The layout as one program, which the page and a worker run alike: see `?function` in
// js/options.mjs.

import { layout, layoutSteps } from "../layout";
import { inSlices } from "./steps";

const engine = { layout, layoutSteps, inSlices };
export type Engine = typeof engine;

declare const take: (engine: Engine) => void;
take(engine);
