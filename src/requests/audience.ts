/** The recipients of a request's emails, by its record. */

import type { PluginRecord } from "./record/record.ts";

/** Reviewers with a thread, then those whose first mail is still owed; each once. */
export function audience(record: PluginRecord): readonly string[] {
  return [
    ...new Set([
      ...record.threads.map((thread) => thread.recipient),
      ...record.owed.filter((mail) => mail.kind === "new").map((mail) => mail.to),
    ]),
  ];
}

/** The recipients of emails of a kind: those of the first email, as far as routes do not say otherwise. */
export function followers(
  record: PluginRecord,
  kind: "review" | "resolution",
  more: readonly string[] = [],
): readonly string[] {
  const followUp = record.followUps?.[kind];
  if (followUp === undefined) return audience(record);
  const { also, except, isSilent } = followUp;
  const first = isSilent ? [] : audience(record).filter((to) => !except.includes(to));
  const known = new Set(first.map((to) => to.toLowerCase()));
  const others = [...also, ...more].filter((to) => {
    const isNew = !known.has(to.toLowerCase());
    known.add(to.toLowerCase());
    return isNew;
  });
  return [...first, ...others];
}

/** Whether a silent route has decided about emails of a kind. */
export function isSilent({ followUps }: PluginRecord, kind: "review" | "resolution"): boolean {
  return followUps?.[kind].isSilent === true;
}
