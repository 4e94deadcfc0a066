/** Reads Prometheus' text format, as far as the daemon writes it. */

export interface Metric {
  readonly type: string;
  readonly labels: readonly string[];
}

export interface Scrape {
  readonly text: string;
  /** By name and labels as they stand there, `name{label="value"}`. */
  readonly samples: ReadonlyMap<string, number>;
  /** By name. */
  readonly metrics: ReadonlyMap<string, Metric>;
}

export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics: ${response.status} ${text}`);
  return parse(text);
}

export function parse(text: string): Scrape {
  const samples = new Map<string, number>();
  const metrics = new Map<string, { type: string; labels: string[] }>();
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type?.[1] !== undefined) metrics.set(type[1], { type: type[2] ?? "", labels: [] });
    const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null || line.startsWith("#")) continue;
    const [, name = "", labels = "", value = ""] = sample;
    samples.set(labels === "" ? name : `${name}{${labels}}`, Number(value));
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) {
      if (label !== "le" && !metric?.labels.includes(label)) metric?.labels.push(label);
    }
  }
  return { text, samples, metrics };
}
