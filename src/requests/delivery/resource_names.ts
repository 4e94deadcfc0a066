/**
 * Names and labels of requested resources, for mails: looked up once for all mails of a request. A mail
 * never waits long for them, and never fails for them: what cannot be read is shown by its id.
 */

import type { Runtime } from "../../runtime.ts";
import type { RequestedResource } from "../../teleport/access_request/resources.ts";
import type { ClusterError } from "../../teleport/errors.ts";
import {
  findResources,
  type FoundResources,
  type ResourceLister,
} from "../../teleport/resources/lookup.ts";

/** A mail that waits longer might leave after a decision. */
const LOOKUP_TIMEOUT_MS = 3_000;
/** Mails of a request leave together; later ones, days after, may find other names. */
const KEPT_FOR_MS = 10 * 60_000;
const KEPT_REQUESTS = 200;

export interface ResourceNamesDeps extends Pick<Runtime, "clock" | "log"> {
  readonly lister: ResourceLister;
  /** Resources of other clusters are not looked up: this one may have others of the same name. */
  readonly clusterName: string;
}

const NONE: Pick<FoundResources, "of"> = { of: () => undefined };

export class ResourceNames {
  /** By request, the oldest first. */
  readonly #found = new Map<string, { readonly atMs: number; readonly found: Lookup }>();
  /** Kinds that the role may not list, of which the log has a warning. */
  readonly #denied = new Set<string>();

  constructor(private readonly deps: ResourceNamesDeps) {}

  /** What is known of a request's resources. Never rejects. */
  find(
    requestId: string,
    resources: readonly RequestedResource[],
    signal: AbortSignal,
  ): Lookup {
    const own = resources.filter(({ cluster }) => cluster === this.deps.clusterName);
    if (own.length === 0) return Promise.resolve(NONE);
    const nowMs = this.deps.clock.now();
    const kept = this.#found.get(requestId);
    if (kept !== undefined && Math.abs(nowMs - kept.atMs) < KEPT_FOR_MS) return kept.found;
    this.#found.delete(requestId);
    const found = this.#lookUp(own, signal);
    this.#found.set(requestId, { atMs: nowMs, found });
    const [oldest] = this.#found.keys();
    if (this.#found.size > KEPT_REQUESTS && oldest !== undefined) this.#found.delete(oldest);
    return found;
  }

  async #lookUp(resources: readonly RequestedResource[], signal: AbortSignal) {
    const late = new AbortController();
    const cancel = this.deps.clock.after(LOOKUP_TIMEOUT_MS, () => late.abort());
    try {
      const ends = AbortSignal.any([signal, late.signal]);
      const found = await findResources(this.deps.lister, resources, ends);
      this.#report(resources, found.failures);
      return found;
    } catch (error) {
      this.deps.log.debug("Cannot read the names of requested resources", { error });
      return NONE;
    } finally {
      cancel();
    }
  }

  /** One warning for what the role lacks, until it has it. */
  #report(
    resources: readonly RequestedResource[],
    failures: ReadonlyMap<string, ClusterError>,
  ): void {
    const { log } = this.deps;
    for (const { kind } of resources) if (!failures.has(kind)) this.#denied.delete(kind);
    const denied = [...failures].filter(([kind, error]) =>
      error.kind === "denied" && !this.#denied.has(kind)
    );
    for (const [kind] of denied) this.#denied.add(kind);
    const [first] = denied;
    if (first !== undefined) {
      log.warn("Requested resources are shown by their ids: the role may not list them", {
        kinds: denied.map(([kind]) => kind),
        error: first[1],
      });
    }
    for (const [kind, error] of failures) {
      if (error.kind !== "denied") {
        log.debug("Cannot read the names of requested resources", { kind, error });
      }
    }
  }
}

type Lookup = Promise<Pick<FoundResources, "of">>;
