/** What can be made to go wrong with the calls of a simulated auth server. */

import { type MethodName, serviceOf, type StatusName } from "./grpc_service.ts";

/** A status that is no error of the cluster's, but was asked for. */
export class InjectedFault extends Error {
  constructor(readonly code: StatusName, message: string) {
    super(message);
    this.name = "InjectedFault";
  }
}

/** What this program calls of a Teleport 9 server, which knows none of the newer services. */
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

/** Faults by method, each used up by the calls that it spoils. */
export class AuthFaults {
  /** How often each method has been called, spoiled calls included. */
  readonly calls: Map<MethodName, number> = new Map();
  /**
   * Whether the server is Teleport 9: no watch status, no partial success of a watch, no kinds but
   * access requests, and calls that came later are UNIMPLEMENTED.
   */
  isOld = false;
  /** Delay before each call is looked at. */
  callDelayMs = 0;
  readonly #failures = new Map<MethodName, InjectedFault[]>();
  readonly #losses = new Map<MethodName, number>();
  readonly #missing = new Set<MethodName>();
  readonly #delays = new Map<MethodName, number>();

  /** Refuses the next `times` calls of a method, without doing anything. */
  failNext(method: MethodName, code: StatusName, message: string, times = 1): void {
    const queue = this.#failures.get(method) ?? [];
    for (let i = 0; i < times; i++) queue.push(new InjectedFault(code, message));
    this.#failures.set(method, queue);
  }

  /** Does what the next `times` calls ask for, but answers UNAVAILABLE as if the connection broke. */
  loseAnswers(method: MethodName, times = 1): void {
    this.#losses.set(method, (this.#losses.get(method) ?? 0) + times);
  }

  /** Takes a method away, as a server that is too old for it; `false` brings it back. */
  setUnimplemented(method: MethodName, unimplemented = true): void {
    if (unimplemented) this.#missing.add(method);
    else this.#missing.delete(method);
  }

  /** Slows one method down, on top of `callDelayMs`. */
  setDelay(method: MethodName, delayMs: number): void {
    this.#delays.set(method, delayMs);
  }

  /** Ends all faults; counts stay. */
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

  /** Throws the fault that is due before the call is carried out. */
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

  /** Throws the fault that is due between the deed and the answer. */
  protected checkAfter(method: MethodName): void {
    const left = this.#losses.get(method) ?? 0;
    if (left === 0) return;
    this.#losses.set(method, left - 1);
    throw new InjectedFault("UNAVAILABLE", "error reading from server: EOF");
  }
}
