/** Fault injection for calls of the simulated auth server. */

import { type MethodName, serviceOf, type StatusName } from "./grpc_service.ts";

/** An injected status, not an error of the cluster. */
export class InjectedFault extends Error {
  constructor(readonly code: StatusName, message: string) {
    super(message);
    this.name = "InjectedFault";
  }
}

/** The methods of a Teleport 9 server, which has none of the newer services. */
const TELEPORT_9: ReadonlySet<MethodName> = new Set<MethodName>([
  "Ping",
  "WatchEvents",
  "GetAccessRequestsV2",
  "GetPluginData",
  "UpdatePluginData",
  "SetAccessRequestState",
  "SubmitAccessReview",
  "DeleteAccessRequest",
  "GetUser",
  "ListResources",
]);

/** Faults by method, each for a number of calls. */
export class AuthFaults {
  /** How often each method has been called, including failed calls. */
  readonly calls: Map<MethodName, number> = new Map();
  /**
   * Whether the server behaves as Teleport 9: no watch status, no partial success of a watch, no kinds
   * except access requests, and newer calls are UNIMPLEMENTED.
   */
  isOld = false;
  /** Delay before each call is handled, milliseconds. */
  callDelayMs = 0;
  readonly #failures = new Map<MethodName, InjectedFault[]>();
  readonly #losses = new Map<MethodName, number>();
  readonly #missing = new Set<MethodName>();
  readonly #delays = new Map<MethodName, number>();

  /** Fails the next `times` calls of a method without executing them. */
  failNext(method: MethodName, code: StatusName, message: string, times = 1): void {
    const queue = this.#failures.get(method) ?? [];
    for (let i = 0; i < times; i++) queue.push(new InjectedFault(code, message));
    this.#failures.set(method, queue);
  }

  /** Executes the next `times` calls, but answers UNAVAILABLE as if the connection broke. */
  loseAnswers(method: MethodName, times = 1): void {
    this.#losses.set(method, (this.#losses.get(method) ?? 0) + times);
  }

  /** Removes a method, as in an older server; `false` restores it. */
  setUnimplemented(method: MethodName, unimplemented = true): void {
    if (unimplemented) this.#missing.add(method);
    else this.#missing.delete(method);
  }

  /** Delays one method, in addition to `callDelayMs`. */
  setDelay(method: MethodName, delayMs: number): void {
    this.#delays.set(method, delayMs);
  }

  /** Removes all faults; counts are kept. */
  clearFaults(): void {
    this.callDelayMs = 0;
    this.isOld = false;
    for (const faults of [this.#failures, this.#losses, this.#missing, this.#delays]) {
      faults.clear();
    }
  }

  protected countCall(method: MethodName): void {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
  }

  protected delayOf(method: MethodName): number {
    return this.callDelayMs + (this.#delays.get(method) ?? 0);
  }

  /** Throws the fault due before the call is executed. */
  protected checkBefore(method: MethodName): void {
    if (this.#missing.has(method) || this.isOld && !TELEPORT_9.has(method)) {
      const service = serviceOf(method);
      throw new InjectedFault(
        "UNIMPLEMENTED",
        service === "proto.AuthService"
          ? `unknown method ${method} for service ${service}`
          : `unknown service ${service}`,
      );
    }
    const fault = this.#failures.get(method)?.shift();
    if (fault) throw fault;
  }

  /** Throws the fault due between execution and answer. */
  protected checkAfter(method: MethodName): void {
    const left = this.#losses.get(method) ?? 0;
    if (left === 0) return;
    this.#losses.set(method, left - 1);
    throw new InjectedFault("UNAVAILABLE", "error reading from server: EOF");
  }
}
