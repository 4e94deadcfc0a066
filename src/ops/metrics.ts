/**
 * `GET /metrics`: counters, histograms and gauges, by `prom-client` without its default metrics, which are
 * not worth their cost here. docs/operate/metrics.md explains each.
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { METRIC_PREFIX as PREFIX } from "../version.ts";

/** Name, help, and value of each gauge; an undefined value gives no sample. */
export type Gauges<Facts> = readonly (readonly [string, string, Reading<Facts>])[];

type Reading<Facts> = (now: Facts) => number | undefined;

export interface MetricsDeps<Facts> {
  /** The data of the gauges, read at each scrape. */
  readonly read: () => Facts;
  readonly gauges: Gauges<Facts>;
  /** The number of uncaught errors since the start. */
  readonly uncaught: () => number;
  /** Labels of the build. */
  readonly build: Readonly<Record<string, string>>;
  /** Kinds of mails. */
  readonly kinds: readonly string[];
}

const OUTCOMES = ["accepted", "failed", "superseded", "deleted"] as const;
const WRITES = ["written", "conflict", "missing", "failed"] as const;
/** From a server on the same machine to one that scans a mail for ten minutes. */
const SEND_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
/** From immediate delivery to greylisting and an overnight outage. */
const DELAY_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400];

/** Counters and histograms that the daemon updates, and gauges that are read at each scrape. */
export class Metrics<Facts> {
  readonly #registry = new Registry();
  readonly #gauges: readonly (readonly [Gauge, Reading<Facts>])[];

  readonly #mails = this.#counter("emails_total", "Emails that left the outbox, by outcome.", [
    "kind",
    "outcome",
  ]);
  readonly #refusals = this.#counter("send_refusals_total", "Failed attempts to send.", [
    "category",
    "retry",
  ]);
  readonly #writes = this.#counter(
    "plugin_data_writes_total",
    "Writes of records to Teleport's plugin data; a conflict means that another replica was faster.",
    ["outcome"],
  );
  readonly #connections = this.#counter(
    "cluster_connections_total",
    "Connections made to the cluster, the first one and renewals included.",
    ["via"],
  );
  readonly #reconnects = this.#counter(
    "watch_reconnects_total",
    "Times the watch was re-established after a loss.",
  );
  readonly #sendSeconds = this.#histogram(
    "send_duration_seconds",
    "Duration of attempts to send, from rendering to the server's reply.",
    ["outcome"],
    SEND_SECONDS,
  );
  readonly #delaySeconds = this.#histogram(
    "email_delay_seconds",
    "From the event of an access request to the acceptance of the email about it.",
    ["kind"],
    DELAY_SECONDS,
  );

  readonly #uncaught = this.#counter(
    "uncaught_errors_total",
    "Errors that nothing caught; the first one shuts the program down.",
  );

  constructor(private readonly deps: MetricsDeps<Facts>) {
    for (const kind of deps.kinds) {
      this.#delaySeconds.zero({ kind });
      for (const outcome of OUTCOMES) this.#mails.inc({ kind, outcome }, 0);
    }
    for (const outcome of WRITES) this.#writes.inc({ outcome }, 0);
    for (const outcome of ["accepted", "refused"]) this.#sendSeconds.zero({ outcome });
    const labelNames = Object.keys(deps.build);
    this.#gauge(`${PREFIX}build_info`, "Always 1; the labels describe the build.", labelNames)
      .set(deps.build, 1);
    this.#gauges = deps.gauges.map(([name, help, of]) => [this.#gauge(name, help), of]);
  }

  accepted(kind: string, sendMs: number, sinceNewsMs: number): void {
    this.#mails.inc({ kind, outcome: "accepted" });
    this.#sendSeconds.observe({ outcome: "accepted" }, sendMs / 1000);
    this.#delaySeconds.observe({ kind }, sinceNewsMs / 1000);
  }

  refused(refusal: { readonly category: string; readonly retry: string }, sendMs: number): void {
    this.#refusals.inc({ category: refusal.category, retry: refusal.retry });
    this.#sendSeconds.observe({ outcome: "refused" }, sendMs / 1000);
  }

  lost(kind: string, why: Exclude<typeof OUTCOMES[number], "accepted">): void {
    this.#mails.inc({ kind, outcome: why });
  }

  wrote(outcome: typeof WRITES[number]): void {
    this.#writes.inc({ outcome });
  }

  connected(via: string): void {
    this.#connections.inc({ via });
  }

  reconnected(): void {
    this.#reconnects.inc();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics, in Prometheus' text format. */
  async text(): Promise<string> {
    const now = this.deps.read();
    for (const [gauge, reading] of this.#gauges) {
      const value = reading(now);
      // No sample is clearer than a meaningless number.
      if (value === undefined) gauge.remove();
      else gauge.set(value);
    }
    // Counted from the start of the process, even before metrics are enabled.
    this.#uncaught.reset();
    this.#uncaught.inc(this.deps.uncaught());
    return await this.#registry.metrics();
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    const registers = [this.#registry];
    return new Histogram({ name: PREFIX + name, help, labelNames, buckets, registers });
  }
}
