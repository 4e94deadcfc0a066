/**
 * The words of an email to several recipients, composed once. They differ in the names of the other
 * reviewers alone, which go into a slot.
 */

import { composeMail, type MailContent, MAX_HTML_BYTES, templateFiles } from "./compose.ts";
import { DETAIL_LIMITS, reviewerNames } from "./details.ts";
import type { MailData } from "./mail_data.ts";
import { DEFAULT_LOOK, type MailLook } from "./scope.ts";
import type { SlotWords } from "../transport.ts";
import type { Templates } from "./templates.ts";

/** Words with `slot` where the names of the other reviewers belong. */
export type SharedWords = MailContent & SlotWords;

/** Names are long at most by so much. */
const MAX_INSERT_BYTES = 10_000;

/** What escaping leaves alone, so that it reads the same in text and HTML. */
const PLAIN = /^[^\s&<>"'](?:[^\r\n\t&<>"']*[^\s&<>"'])?$/u;

/**
 * The words for all recipients of an email; undefined where each needs words of their own, because an
 * override shows the reviewers in its own way or the page is near its limit.
 */
export function composeShared(
  data: MailData,
  templates: Templates,
  given: Partial<MailLook> = {},
): SharedWords | undefined {
  const look = { ...DEFAULT_LOOK, ...given };
  const isPersonal = templateFiles(data, look)
    .some((file) => templates.overrides[file]?.namesReviewers === true);
  if (isPersonal) return undefined;
  // Random: no user can have written it. Letters and digits alone pass every filter and encoding.
  const slot = crypto.randomUUID().replaceAll("-", "");
  const { details } = data;
  const hasOthers = details !== undefined && details.reviewersAsked.length > 0;
  const content = composeMail(
    hasOthers ? { ...data, details: { ...details, reviewersAsked: [slot] } } : data,
    templates,
    look,
  );
  const size = Buffer.byteLength(content.html ?? "");
  return size + MAX_INSERT_BYTES > MAX_HTML_BYTES
    ? undefined
    : { ...content, slot, built: new Map() };
}

/** The other reviewers' names for the slot; undefined where they would be escaped, or are too long. */
export function slotInsert({ details }: MailData, { details: hasDetails }: MailLook) {
  const limits = { ...DETAIL_LIMITS, hasDetails };
  const insert = (reviewerNames(details?.reviewersAsked ?? [], limits) ?? []).join(", ");
  const isPlain = insert === "" || (PLAIN.test(insert) && insert.length * 3 <= MAX_INSERT_BYTES);
  return isPlain ? insert : undefined;
}
