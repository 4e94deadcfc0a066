/**
 * The `follow_ups` key of plugin data: the recipients of later emails, where they differ from those of the
 * first (docs/internals/delivery.md).
 */

import * as v from "valibot";
import type { FollowUp, FollowUps } from "../../routing/follow_ups.ts";

const Addresses = v.optional(v.array(v.pipe(v.string(), v.nonEmpty())), []);
const Part = v.optional(
  v.object({ also: Addresses, except: Addresses, silent: v.optional(v.boolean(), false) }),
  {},
);
const Stored = v.object({
  review: Part,
  resolution: Part,
  list_owners: v.optional(v.boolean(), false),
});

/** Reads the key; one that is not understood counts as absent, which leaves no recipient out. */
export function readFollowUps(text: string, problems: string[]): FollowUps | undefined {
  if (text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const result = v.safeParse(Stored, value);
    if (result.success && !Array.isArray(value)) {
      const { review, resolution, list_owners: hasListOwners } = result.output;
      return { review: readPart(review), resolution: readPart(resolution), hasListOwners };
    }
  } catch {
    // Not JSON: the same complaint.
  }
  problems.push("follow_ups is not a table of recipients");
  return undefined;
}

function readPart({ also, except, silent }: v.InferOutput<typeof Part>): FollowUp {
  return { also, except, isSilent: silent };
}

/** Writes the key, leaving out what is empty. */
export function writeFollowUps(followUps: FollowUps | undefined): string {
  if (followUps === undefined) return "";
  const { review, resolution, hasListOwners } = followUps;
  const parts = Object.entries({ review, resolution })
    .map(([kind, part]) => [kind, writePart(part)] as const)
    .filter(([, part]) => Object.keys(part).length > 0);
  return JSON.stringify({
    ...Object.fromEntries(parts),
    ...(hasListOwners ? { list_owners: true } : {}),
  });
}

function writePart({ also, except, isSilent }: FollowUp) {
  return {
    ...(also.length === 0 ? {} : { also }),
    ...(except.length === 0 ? {} : { except }),
    ...(isSilent ? { silent: true } : {}),
  };
}
