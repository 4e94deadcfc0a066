import type { ConfigOptions } from "../io.ts";

/** A request, described by flags, named by its id, or in a file; and what is known of it. */
export interface RouteOptions extends ConfigOptions {
  readonly roles: readonly string[];
  readonly reviewers: readonly string[];
  readonly user?: string;
  readonly reason?: string;
  /** `kind/name` each. */
  readonly resources?: readonly string[];
  /** `key=value` each. */
  readonly traits?: readonly string[];
  /** `key=value` each, of every requested resource. */
  readonly labels?: readonly string[];
  /** When the request was made, in RFC 3339; absent = as it says, or now. */
  readonly at?: string;
  /** Id of a request of the cluster, or the path of a file; `-` is standard input. */
  readonly request?: string;
  /** Explains every pending request of the cluster. */
  readonly pending?: boolean;
  /** Path of a file of rules, instead of those of the cluster. */
  readonly rules?: string;
  /** Asks the cluster for rules, traits and labels. */
  readonly cluster?: boolean;
  readonly json?: boolean;
  /** Addresses that have to be mailed, and no others. */
  readonly expect?: readonly string[];
}
