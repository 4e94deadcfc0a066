/** The access lists of a cluster. */

import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type AccessList,
  type AccessListOwner,
  AccessListOwnerSchema,
  AccessListSchema,
  MembershipKind,
} from "../../src/teleport/generated/access_list_pb.ts";
import { ClusterError } from "../auth/cluster_error.ts";

/** An access list to add; omitted fields have defaults. */
export interface NewAccessList {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** User names, or `list:NAME` for the owners of another list. */
  readonly owners?: readonly string[];
  readonly roles?: readonly string[];
  /** Absent = members are never reviewed. */
  readonly nextAudit?: Date;
  /** How long before the audit owners are reminded; default two weeks. */
  readonly remindBeforeMs?: number;
  /** Months between two audits; default 6. */
  readonly months?: number;
  readonly members?: number;
}

const LIST = "list:";
const TWO_WEEKS_MS = 14 * 86_400_000;

/** The store of access lists. */
export class AccessListStore {
  readonly #lists = new Map<string, NewAccessList>();

  /** Adds or replaces a list. */
  set(list: NewAccessList): void {
    this.#lists.set(list.name, list);
  }

  has(name: string): boolean {
    return this.#lists.has(name);
  }

  delete(name: string): void {
    this.#lists.delete(name);
  }

  /** All of them, by name. */
  list(): readonly (readonly [name: string, list: AccessList])[] {
    return [...this.#lists.values()].map((list) => [list.name, toMessage(list)]);
  }

  /** The users among the owners, including those of owning lists, without duplicates. */
  owners(name: string): readonly AccessListOwner[] {
    if (!this.#lists.has(name)) {
      throw new ClusterError("NOT_FOUND", `access_list "${name}" doesn't exist`);
    }
    const seen = new Set<string>();
    const users = new Set<string>();
    const add = (list: string) => {
      if (seen.has(list)) return;
      seen.add(list);
      for (const owner of this.#lists.get(list)?.owners ?? []) {
        if (owner.startsWith(LIST)) add(owner.slice(LIST.length));
        else users.add(owner);
      }
    };
    add(name);
    return [...users].map(ownerMessage);
  }
}

function ownerMessage(owner: string): AccessListOwner {
  return owner.startsWith(LIST)
    ? create(AccessListOwnerSchema, {
      name: owner.slice(LIST.length),
      membershipKind: MembershipKind.LIST,
    })
    : create(AccessListOwnerSchema, { name: owner, membershipKind: MembershipKind.USER });
}

function toMessage(list: NewAccessList): AccessList {
  return create(AccessListSchema, {
    header: {
      kind: "access_list",
      version: "v1",
      metadata: { name: list.name, namespace: "default" },
    },
    spec: {
      title: list.title ?? "",
      description: list.description ?? "",
      owners: (list.owners ?? []).map(ownerMessage),
      grants: { roles: [...list.roles ?? []] },
      ...list.nextAudit && {
        audit: {
          nextAuditDate: timestampFromDate(list.nextAudit),
          recurrence: { frequency: list.months ?? 6, dayOfMonth: 1 },
          notifications: { start: duration(list.remindBeforeMs ?? TWO_WEEKS_MS) },
        },
      },
    },
    status: { memberCount: list.members ?? 0 },
  });
}

function duration(ms: number): Duration {
  return create(DurationSchema, {
    seconds: BigInt(Math.floor(ms / 1000)),
    nanos: ms % 1000 * 1_000_000,
  });
}
