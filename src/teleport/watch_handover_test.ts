import assert from "node:assert/strict";
import { FakeClock, settleDown } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { WatchHandover, type WatchSource } from "./watch_handover.ts";

/** A stream that the test feeds. */
class Stream implements WatchSource<string> {
  readonly #retired = new AbortController();
  readonly retired = this.#retired.signal;
  isAborted = false;
  #queue: (string | Error | undefined)[] = [];
  #wake = () => {};
  readonly events: AsyncIterable<string>;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => {
      this.isAborted = true;
      this.end();
    });
    this.events = this.#read();
  }

  say(...events: string[]): void {
    this.#put(...events);
  }

  end(error?: Error): void {
    this.#put(error);
  }

  retire(): void {
    this.#retired.abort();
  }

  #put(...items: (string | Error | undefined)[]): void {
    this.#queue.push(...items);
    this.#wake();
  }

  async *#read(): AsyncGenerator<string> {
    for (;;) {
      while (this.#queue.length === 0) await new Promise<void>((wake) => this.#wake = wake);
      const item = this.#queue.shift();
      if (item instanceof Error) throw item;
      if (item === undefined) return;
      yield item;
    }
  }
}

function setUp() {
  const clock = new FakeClock();
  const streams: Stream[] = [];
  const failures: Error[] = [];
  const open = (signal: AbortSignal) => {
    const failure = failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const stream = new Stream(signal);
    streams.push(stream);
    return Promise.resolve(stream);
  };
  const stop = new AbortController();
  const seen: string[] = [];
  const watch = new WatchHandover({ open, clock, random: () => 0.5, log: fakeLog() });
  const done = (async () => {
    for await (const event of watch.events(stop.signal)) seen.push(event);
  })();
  const stream = (index: number) => streams[index] ?? assert.fail(`no stream ${index}`);
  return { clock, streams, stream, failures, stop, seen, done };
}

Deno.test("WatchHandover forwards its stream's events, to the end", async () => {
  const { stream, seen, done } = setUp();
  await settleDown();
  stream(0).say("init", "a");
  stream(0).end();
  await done;
  assert.deepEqual(seen, ["init", "a"]);
});

Deno.test("WatchHandover fails as its stream does, or as the connection", async () => {
  const failing = setUp();
  await settleDown();
  failing.stream(0).say("init");
  failing.stream(0).end(new Error("reset"));
  await assert.rejects(failing.done, { message: "reset" });
  const silent = setUp();
  await settleDown();
  silent.stream(0).end();
  await assert.rejects(silent.done, { message: "the stream ended before its first event" });
});

Deno.test("WatchHandover moves when the connection is retired, and keeps the old stream until then", async () => {
  const { stream, streams, stop, seen, done } = setUp();
  await settleDown();
  stream(0).say("init", "a");
  await settleDown();
  stream(0).retire();
  await settleDown();
  assert.equal(streams.length, 2);
  stream(0).say("b");
  await settleDown();
  stream(1).say("init", "c");
  await settleDown();
  assert.ok(stream(0).isAborted);
  stream(0).say("too late");
  stream(1).say("d");
  await settleDown();
  assert.deepEqual(seen, ["init", "a", "b", "init", "c", "d"]);
  stop.abort();
  await done;
  assert.ok(stream(1).isAborted);
});

Deno.test("WatchHandover retries while the old stream lives", async () => {
  const { clock, stream, streams, failures, stop, seen, done } = setUp();
  await settleDown();
  stream(0).say("init");
  await settleDown();
  failures.push(new Error("refused"), new Error("refused"));
  stream(0).retire();
  await clock.tick(1000);
  assert.equal(streams.length, 2);
  stream(0).say("still here");
  await settleDown();
  stream(1).say("init");
  await settleDown();
  assert.deepEqual(seen, ["init", "still here", "init"]);
  stop.abort();
  await done;
  assert.equal(clock.pending, 0);
});

Deno.test("WatchHandover ends with the old stream when its successor has not begun", async () => {
  const { stream, seen, done } = setUp();
  await settleDown();
  stream(0).say("init");
  await settleDown();
  stream(0).retire();
  await settleDown();
  stream(0).end(new Error("reset"));
  await assert.rejects(done, { message: "reset" });
  assert.ok(stream(1).isAborted);
  assert.deepEqual(seen, ["init"]);
});

Deno.test("WatchHandover ends when it is cancelled", async () => {
  const { stop, stream, done } = setUp();
  await settleDown();
  stop.abort();
  await done;
  assert.ok(stream(0).isAborted);
});
