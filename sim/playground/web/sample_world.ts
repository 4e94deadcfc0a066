/** People, resources, an access list and a rule for the playground. */

import type { Cluster } from "../../cluster/cluster.ts";
import type { NewResource } from "../../cluster/resource_store.ts";

/** What the page's form offers. */
export interface World {
  readonly users: readonly string[];
  readonly roles: readonly string[];
  readonly reviewers: readonly string[];
  /** `request` is an element of the parameter `resources` of `/create`. */
  readonly resources: readonly { readonly label: string; readonly request: unknown }[];
}

const USERS = ["alice@example.com", "erin@example.com"];
const REVIEWERS = ["bob@example.com", "carol@example.com"];
const WEB_1 = "0b7e0a6e-6f7c-4d3e-8b1b-0d6c9d8f7a11";

const RESOURCES: readonly (NewResource & { readonly label: string; readonly request: object })[] = [
  {
    label: "Server web-1",
    kind: "node",
    name: WEB_1,
    hostname: "web-1",
    labels: { env: "prod", team: "shop" },
    request: { kind: "node", name: WEB_1, ssh: ["deploy"] },
  },
  {
    label: "Database orders",
    kind: "db",
    name: "orders",
    description: "Orders of the shop",
    labels: { env: "prod", team: "shop" },
    request: { kind: "db", name: "orders", database: { users: ["reader"], names: ["orders"] } },
  },
  {
    label: "AWS console",
    kind: "app",
    name: "aws",
    labels: { env: "prod" },
    request: {
      kind: "app",
      name: "aws",
      "aws_console": ["arn:aws:iam::123456789012:role/ReadOnly"],
    },
  },
  {
    label: "Kubernetes staging",
    kind: "kube_cluster",
    name: "staging",
    labels: { env: "staging" },
    request: { kind: "kube_cluster", name: "staging" },
  },
];

/** Fills a cluster, and says what can be requested there. */
export function populate(cluster: Cluster): World {
  for (const user of USERS) {
    cluster.users.set(user, { state: "login", traits: { email: [user], team: ["shop"] } });
  }
  for (const { label: _, request: __, ...resource } of RESOURCES) cluster.resources.set(resource);
  cluster.accessLists.set({
    name: "operators",
    title: "Operators",
    owners: ["carol@example.com"],
    roles: ["dev"],
  });
  cluster.rules.put({
    name: "payments",
    condition: 'access_request.spec.roles.contains("payments")',
    recipients: ["payments-leads@example.com"],
  });
  return {
    users: USERS,
    roles: ["dev", "dba", "payments"],
    reviewers: REVIEWERS,
    resources: RESOURCES.map(({ label, request }) => ({ label, request })),
  };
}

/** Who is notified of the roles: a role, a pattern, and all others. */
export const SHOWCASE_RECIPIENTS = {
  dev: ["dev-lead@example.com"],
  "db*": ["dba-leads@example.com"],
  "*": ["security@example.com"],
};

/** More of the plugin's configuration, to show what it can do. */
export const SHOWCASE_CONFIG = {
  delivery: {
    details: true,
    "notify_requester": true,
    "remind_after": ["1m"],
    // With access for an hour, after five minutes.
    "warn_before_access_ends": "55m",
    "time_zone": Intl.DateTimeFormat().resolvedOptions().timeZone,
  },
  route: [{
    name: "production",
    match: 'access_request.spec.resource_labels_union["env"].contains("prod")',
    recipients: ["audit@example.com"],
    continue: true,
  }],
};
