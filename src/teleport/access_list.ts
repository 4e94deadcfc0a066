/** Access lists as the program uses them, converted from Teleport's messages. */

import type { Duration } from "@bufbuild/protobuf/wkt";
import { defined } from "../optional.ts";
import { type AccessList as WireAccessList, MembershipKind } from "./generated/access_list_pb.ts";
import { timeMs } from "./time.ts";

/** An owner of an access list. */
export interface AccessListOwner {
  /** The name of a user, or of an access list whose members are owners. */
  readonly name: string;
  readonly isAccessList: boolean;
}

/** An access list: its owners, the roles it grants, and its next review. */
export interface AccessList {
  /** Metadata.Name, a UUID. */
  readonly name: string;
  /** The display name; "" when it has none. */
  readonly title: string;
  readonly description: string;
  readonly owners: readonly AccessListOwner[];
  /** Roles granted to members. */
  readonly roles: readonly string[];
  readonly memberCount: number;
  /** When the members are due for review, milliseconds since 1970; absent when never. */
  readonly nextAuditMs?: number;
  /** How long before the audit the owners are reminded; absent when the server sends no value. */
  readonly remindBeforeMs?: number;
  /** Months between two audits; absent when the server sends no value. */
  readonly auditMonths?: number;
}

/** Converts a list; undefined when it has no name to identify it by. */
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
