/** A worker that asks for metrics ten times a second, on a thread that has nothing else to do. */

/** How long each answer took, in milliseconds. */
export type Times = readonly number[];

const times: number[] = [];
const scope = self as unknown as Worker;
/** Empty when nothing is to be asked for. */
let url = "";

scope.onmessage = (event: MessageEvent<string>) => {
  url = event.data;
  if (url === "") scope.postMessage(times);
};

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (url === "") continue;
  const startMs = performance.now();
  await (await fetch(url)).text();
  times.push(performance.now() - startMs);
}
