/** Server-sent events: everything that the page shows is pushed to it. */

/** Events that a page has not read yet; then its stream ends, and the browser connects again. */
const MAX_UNREAD = 1000;

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };

type Client = ReadableStreamDefaultController<Uint8Array>;

/** The open streams. */
export class Feed implements Disposable {
  readonly #clients = new Set<Client>();
  readonly #encoder = new TextEncoder();

  /** The number of open streams. */
  get size(): number {
    return this.#clients.size;
  }

  /** A response that begins with one event, and continues with all that are published. */
  open(event: string, data: unknown): Response {
    let own: Client | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (client) => {
        own = client;
        this.#clients.add(client);
        client.enqueue(this.#encode(event, data));
      },
      cancel: () => void (own && this.#clients.delete(own)),
    }, { highWaterMark: MAX_UNREAD });
    return new Response(stream, { headers: HEADERS });
  }

  /** Sends an event to all streams. */
  publish(event: string, data: unknown): void {
    if (this.#clients.size === 0) return;
    const bytes = this.#encode(event, data);
    for (const client of [...this.#clients]) {
      if ((client.desiredSize ?? 0) > 0) client.enqueue(bytes);
      else this.#end(client);
    }
  }

  /** Ends all streams. */
  [Symbol.dispose](): void {
    for (const client of [...this.#clients]) this.#end(client);
  }

  #end(client: Client): void {
    this.#clients.delete(client);
    client.close();
  }

  #encode(event: string, data: unknown): Uint8Array {
    // JSON has no line breaks, which would end the data.
    return this.#encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
