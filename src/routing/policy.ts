/** The configuration of routing, in the form in which decisions use it. */

import { RoleMap } from "./patterns.ts";
import type { Route } from "./routes.ts";

/** Whether the rules of the cluster or the routes of the file are asked first. */
export type Precedence = "rules" | "routes";

/** The configuration of routing. */
export interface RoutingSettings {
  /** By role name, pattern or `*`, in the order of the file. */
  readonly roleToRecipients: ReadonlyMap<string, readonly string[]>;
  readonly routes: readonly Route[];
  readonly precedence: Precedence;
  /** Reads schedules as the original does. */
  readonly hasStrictSchedules: boolean;
  /** Requesters are asked to review their own requests if they are among the recipients. @default false */
  readonly includesRequester?: boolean;
  /** Whether a text is an email address without a display name. */
  readonly isAddress: (text: string) => boolean;
  /** Domains allowed for suggested reviewers; absent = any. */
  readonly allowedDomains?: readonly string[];
}

/** The settings with what is derived from them once. */
export interface RoutingPolicy extends Omit<RoutingSettings, "roleToRecipients"> {
  readonly roles: RoleMap;
  /** Addresses of the configuration, in lower case: mailed wherever they are. */
  readonly configured: ReadonlySet<string>;
}

/** @throws {ConditionError} for a broken pattern, which does not load. */
export function routingPolicy({ roleToRecipients, ...settings }: RoutingSettings): RoutingPolicy {
  const ofRoutes = settings.routes.flatMap(({ recipients }) =>
    recipients.flatMap((recipient) => recipient.kind === "address" ? [recipient.address] : [])
  );
  const addresses = [...[...roleToRecipients.values()].flat(), ...ofRoutes];
  return {
    ...settings,
    roles: new RoleMap(roleToRecipients),
    configured: new Set(addresses.map((address) => address.toLowerCase())),
  };
}
