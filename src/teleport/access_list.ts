/** Access lists as the rest of the program sees them, read from Teleport's messages. */

import type { Duration } from "@bufbuild/protobuf/wkt";
import { defined } from "../optional.ts";
import { type AccessList as WireAccessList, MembershipKind } from "./generated/access_list_pb.ts";
import { timeMs } from "./time.ts";

export interface AccessListOwner {
  /** A user's name, or that of an access list whose members own this one. */
  readonly name: string;
  readonly isAccessList: boolean;
}

export interface AccessList {
  /** Metadata.Name, a UUID. */
  readonly name: string;
  /** What people call it; "" when it has no title. */
  readonly title: string;
  readonly description: string;
  readonly owners: readonly AccessListOwner[];
  /** Roles that its members are granted. */
  readonly roles: readonly string[];
  readonly memberCount: number;
  /** When its members are to be reviewed; absent when they never are. Milliseconds since 1970. */
  readonly nextAuditMs?: number;
  /** How long before the audit its owners are to be reminded; absent when the server sends none. */
  readonly remindBeforeMs?: number;
  /** Months between two audits; absent when the server sends none. */
  readonly auditMonths?: number;
}

/** Reads a list; undefined when it has no name, and so cannot be told apart from others. */
export function readAccessList(message: WireAccessList): AccessList | undefined {
  const name = message.header?.metadata?.name ?? "";
  if (name === "") return undefined;
  const { spec, status } = message;
  const audit = spec?.audit;
  return {
    name,
    title: spec?.title ?? "",
    description: spec?.description ?? "",
    owners: (spec?.owners ?? []).map((owner) => ({
      name: owner.name,
      isAccessList: owner.membershipKind === MembershipKind.LIST,
    })),
    roles: spec?.grants?.roles ?? [],
    memberCount: status?.memberCount ?? 0,
    ...defined({
      nextAuditMs: timeMs(audit?.nextAuditDate),
      remindBeforeMs: durationMs(audit?.notifications?.start),
      auditMonths: audit?.recurrence?.frequency || undefined,
    }),
  };
}

function durationMs(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1000 + Math.floor(duration.nanos / 1e6);
}
