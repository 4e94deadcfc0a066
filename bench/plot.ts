/** Draws the results of `deno task scale` as an SVG picture, both axes logarithmic. */

/** One measurement. */
export interface Point {
  /** How many requests, recipients or reviews. */
  readonly count: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Peak of resident memory. */
  readonly memoryMiB: number;
}

export interface ScaleResults {
  /** RFC 3339. */
  readonly at: string;
  readonly world: string;
  readonly axes: readonly { readonly title: string; readonly points: readonly Point[] }[];
}

const PANEL = { width: 450, height: 300, left: 62, right: 22, top: 46, bottom: 48 };
const COUNTS = [10, 100, 1_000, 10_000];
const SECONDS = [0.01, 0.1, 1, 10, 100];

/** The picture: a panel for each axis of the results. */
export function plot({ axes, at, world }: ScaleResults): string {
  const columns = 2;
  const rows = Math.ceil(axes.length / columns);
  const [width, height] = [columns * PANEL.width, rows * PANEL.height + 40];
  const panels = axes.map(({ title, points }, index) => {
    const x = (index % columns) * PANEL.width;
    const y = Math.floor(index / columns) * PANEL.height;
    return `<g transform="translate(${x} ${y})">${panel(title, points)}</g>`;
  });
  const where = world === "go" ? "cluster and SMTP sink in Go" : "simulated cluster";
  const day = at.slice(0, 10);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">
<title id="title">How time, processor time and memory grow: see the tables of bench/scale.json</title>
<style>
.bg { fill: #ffffff; }
.text { fill: #1f2328; }
.small { fill: #57606a; font-size: 11px; }
.grid { stroke: #d8dee4; }
.linear { stroke: #8c959f; stroke-dasharray: 2 4; fill: none; }
.time { stroke: #0969da; stroke-width: 2; fill: none; }
.dot { fill: #0969da; }
.cpu { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 6 4; fill: none; }
@media (prefers-color-scheme: dark) {
.bg { fill: #0d1117; }
.text { fill: #e6edf3; }
.small { fill: #8d96a0; }
.grid { stroke: #30363d; }
.time { stroke: #4493f8; }
.dot { fill: #4493f8; }
.cpu { stroke: #db6d28; }
}
</style>
<rect class="bg" width="${width}" height="${height}"/>
${panels.join("\n")}
${legend(height - 18, `${where}, ${day}; numbers at the points are MiB`)}
</svg>
`;
}

function panel(title: string, points: readonly Point[]): string {
  const grid = [
    ...SECONDS.map((seconds) =>
      `<path class="grid" d="M${xOf(10)} ${yOf(seconds)}H${xOf(10_000)}"/>` +
      text(xOf(10) - 8, yOf(seconds) + 4, `${seconds} s`, "small", "end")
    ),
    ...COUNTS.map((count) =>
      text(xOf(count), PANEL.height - PANEL.bottom + 18, count.toLocaleString("en-US"), "small")
    ),
  ];
  const first = points[0];
  const last = first === undefined ? 0 : Math.min(10_000, first.count * 100 / first.seconds);
  const linear = first === undefined
    ? ""
    : `<path class="linear" d="M${xOf(first.count)} ${yOf(first.seconds)}L${xOf(last)} ${
      yOf(first.seconds * last / first.count)
    }"/>`;
  const marks = points.map(({ count, seconds, memoryMiB }) =>
    `<circle class="dot" cx="${xOf(count)}" cy="${yOf(seconds)}" r="3.5"/>` +
    text(xOf(count), yOf(seconds) - 10, memoryMiB.toFixed(0), "small")
  );
  return text(PANEL.left, 24, title, "text", "start") + grid.join("") + linear +
    line("cpu", points, ({ processorSeconds }) => processorSeconds) +
    line("time", points, ({ seconds }) => seconds) + marks.join("");
}

function line(name: string, points: readonly Point[], value: (point: Point) => number): string {
  const places = points.map((point) => `${xOf(point.count)} ${yOf(value(point))}`);
  return `<path class="${name}" d="M${places.join("L")}"/>`;
}

function legend(y: number, words: string): string {
  const entry = (x: number, name: string, label: string) =>
    `<path class="${name}" d="M${x} ${y - 4}h28"/>${text(x + 36, y, label, "small", "start")}`;
  return entry(62, "time", "time") + entry(142, "cpu", "processor time") +
    entry(282, "linear", "linear growth") + text(412, y, words, "small", "start");
}

function text(x: number, y: number, words: string, name: string, anchor = "middle"): string {
  return `<text class="${name}" x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

function xOf(count: number): number {
  const share = Math.log10(count / 10) / 3;
  return round(PANEL.left + share * (PANEL.width - PANEL.left - PANEL.right));
}

function yOf(seconds: number): number {
  const share = Math.log10(Math.min(100, Math.max(0.01, seconds)) / 0.01) / 4;
  return round(PANEL.height - PANEL.bottom - share * (PANEL.height - PANEL.top - PANEL.bottom));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
