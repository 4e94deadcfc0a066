/** The daemon's metrics, as numbers by name. */

/** What the page shows of `/metrics` and `/readyz`. */
export interface DaemonView {
  /** Values by name, without prefix and summed over labels; `emails_accepted` is one outcome alone. */
  readonly values: Readonly<Record<string, number>>;
  /** Lines of `/readyz`. */
  readonly readiness: string;
}

const PREFIX = "teleport_email_";
const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;

/** Reads Prometheus' text format. */
export function metricValues(text: string): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  const add = (name: string, value: number) => values[name] = (values[name] ?? 0) + value;
  for (const line of text.split("\n")) {
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (name === "" || name.endsWith("_bucket")) continue;
    add(name.replace(PREFIX, ""), Number(value));
    if (name === `${PREFIX}emails_total` && labels.includes('outcome="accepted"')) {
      add("emails_accepted", Number(value));
    }
  }
  return values;
}

/** Asks the daemon; undefined when it does not answer. */
export async function readDaemon(url: string): Promise<DaemonView | undefined> {
  const page = async (path: string) => {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(2000) });
    return await response.text();
  };
  try {
    const [metrics, readiness] = await Promise.all([page("/metrics"), page("/readyz")]);
    return { values: metricValues(metrics), readiness: readiness.trim() };
  } catch {
    return undefined;
  }
}
