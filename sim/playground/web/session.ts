/** What happens in a playground, gathered for the page: a whole picture first, then every change. */

import type { Playground } from "../playground.ts";
import { Feed } from "./feed.ts";
import { type MailView, mailView } from "./mails.ts";
import { type DaemonView, readDaemon } from "./metrics.ts";
import { Outages } from "./outages.ts";
import { Requests } from "./requests.ts";
import { Routing } from "./routing.ts";
import type { World } from "./sample_world.ts";

/** The plugin beside the playground. */
export interface DaemonSource {
  /** The URL of its endpoints, without a slash at the end. */
  readonly url: string;
  /** Its process, which hands over every line of its log, earlier ones first. */
  readonly process: { follow(onLine: (line: string) => void): void };
}

/** What a session needs. */
export interface SessionOptions {
  readonly playground: Playground;
  readonly world: World;
  readonly daemon: DaemonSource;
  readonly outageMs: number;
}

const MAX_LINES = 500;
/** The newest emails, which a page gets when it opens. */
const MAX_MAILS = 500;
const METRICS_EVERY_MS = 1000;

/** The state behind the page. */
export class Session implements AsyncDisposable {
  readonly outages: Outages;
  readonly routing: Routing;
  readonly #feed = new Feed();
  readonly #requests: Requests;
  readonly #mails: MailView[] = [];
  readonly #lines: string[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #daemon: DaemonView | undefined;
  #reading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(private readonly options: SessionOptions) {
    const { playground, daemon, outageMs } = options;
    const { cluster, auth, mail } = playground;
    this.routing = new Routing(playground.paths.config);
    this.outages = new Outages({ cluster: auth, mail }, outageMs, () => this.#publishOutages());
    this.#requests = new Requests(cluster, (view) => this.#feed.publish("request", view));
    void this.#followMails();
    daemon.process.follow((line) => this.#log(line));
    this.#timer = setInterval(() => {
      if (this.#feed.size > 0) this.#reading = this.#readDaemon();
    }, METRICS_EVERY_MS);
  }

  /** A stream of events for one page. */
  open(): Response {
    this.#reading = this.#readDaemon();
    return this.#feed.open("all", {
      world: this.options.world,
      requests: this.#requests.views,
      mails: this.#mails.slice(-MAX_MAILS),
      log: this.#lines,
      outages: this.outages.ends,
      daemon: this.#daemon ?? null,
    });
  }

  /** The daemon's own page of metrics. */
  async metrics(): Promise<Response> {
    try {
      const response = await fetch(`${this.options.daemon.url}/metrics`);
      return new Response(await response.text(), {
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    } catch {
      return new Response("The daemon does not answer.\n", { status: 503 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.outages[Symbol.dispose]();
    this.#requests[Symbol.dispose]();
    this.#feed[Symbol.dispose]();
    await this.#reading;
  }

  async #followMails(): Promise<void> {
    for await (const mail of this.options.playground.mail.mailbox) {
      if (this.#closed) return;
      const view = mailView(mail, this.#mails.length);
      this.#mails.push(view);
      this.#feed.publish("mail", view);
    }
  }

  #log(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#feed.publish("log", line);
  }

  async #readDaemon(): Promise<void> {
    await this.#reading;
    if (this.#closed) return;
    this.#daemon = await readDaemon(this.options.daemon.url);
    this.#feed.publish("daemon", this.#daemon ?? null);
  }

  #publishOutages(): void {
    this.#feed.publish("outages", this.outages.ends);
  }
}
