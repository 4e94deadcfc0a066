import { isEmailAddress } from "../config/values/address.ts";
import type { Config, RouteConfig } from "../config/config.ts";
import {
  RequesterAddresses,
  type RequesterAddressesDeps,
  type Requesters,
} from "../requests/requester_address.ts";
import { Condition } from "../routing/condition/condition.ts";
import { type RoutingPolicy, routingPolicy } from "../routing/policy.ts";
import { readRouteRecipient, type Route } from "../routing/routes.ts";
import { defined } from "../optional.ts";

/** The configuration of routing: for the daemon, and for `route`, which explains it. */
export function routingPolicyOf(
  { roleToRecipients, routes, routing, delivery: { allowedDomains, includeRequester } }: Pick<
    Config,
    "roleToRecipients" | "routes" | "routing" | "delivery"
  >,
): RoutingPolicy {
  return routingPolicy({
    roleToRecipients,
    routes: routes.map(readRoute),
    precedence: routing.precedence,
    hasStrictSchedules: routing.strictSchedules,
    includesRequester: includeRequester,
    isAddress: isEmailAddress,
    ...defined({ allowedDomains }),
  });
}

/** Finds requesters' addresses; undefined if requesters get no mail. */
export function requestersOf(
  config: Pick<Config, "requesterAddresses" | "delivery">,
  cluster: RequesterAddressesDeps["cluster"],
  runtime: Pick<RequesterAddressesDeps, "clock" | "log">,
): Requesters | undefined {
  return config.delivery.notifyRequester ? userAddressesOf(config, cluster, runtime) : undefined;
}

/** Finds the addresses of users. */
export function userAddressesOf(
  { requesterAddresses: addresses, delivery: { requesterTrait: trait } }: Pick<
    Config,
    "requesterAddresses" | "delivery"
  >,
  cluster: RequesterAddressesDeps["cluster"],
  runtime: Pick<RequesterAddressesDeps, "clock" | "log">,
): Requesters {
  return new RequesterAddresses({
    ...runtime,
    cluster,
    addresses,
    trait,
    isAddress: isEmailAddress,
  });
}

/** Conditions and recipients were checked when the file was loaded. */
function readRoute(
  { name, match, recipients, continues, silence, on, schedules }: RouteConfig,
): Route {
  return {
    name,
    recipients: recipients.flatMap((text) => readRouteRecipient(text, isEmailAddress) ?? []),
    continues,
    isSilent: silence,
    on: new Set(on),
    schedules: new Map([...schedules].map(([key, time]) => [key, { time }])),
    ...defined({ condition: match === undefined ? undefined : Condition.parse(match) }),
  };
}
