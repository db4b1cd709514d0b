// What the layout's worker runs: one picture for each message.

import { layout, type LayoutInput } from "../layout";

interface WorkerScope {
  onmessage: ((event: { data: LayoutInput }) => void) | null;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
}
const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const done = layout(data);
  scope.postMessage(done, [done.x.buffer as ArrayBuffer, done.y.buffer as ArrayBuffer]);
};
