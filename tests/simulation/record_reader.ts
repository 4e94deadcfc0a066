/**
 * Reads records as they are stored, by code of its own: an encoding that is wrong both ways in the
 * program would be invisible to an oracle that used the program's (docs/internals/delivery.md).
 */

export type Raw = Readonly<Record<string, string>>;

/** Others may take a lease this long after its end. */
export const GRACE_MS = 5_000;

/** A mail of a record; `key` is kind, index and recipient. */
export interface StoredMail {
  readonly key: string;
  readonly kind: string;
  readonly index: number;
  readonly to: string;
}

/** What the oracle needs to know of a record. */
export interface StoredFacts {
  readonly resolution: string;
  readonly reviewsCount: number;
  /** How often it was opened again. */
  readonly reopened: number;
  /** The last step of reminders, in seconds after the creation. */
  readonly reminded: number;
  /** Recipients with a thread. */
  readonly threads: readonly string[];
  readonly owed: readonly StoredMail[];
  readonly failed: readonly StoredMail[];
  readonly owner: { readonly instance: string; readonly untilMs: number } | undefined;
}

/** Reads an entry; undefined when there is none. Throws at anything that is not as documented. */
export function readFacts(raw: Raw | undefined): StoredFacts | undefined {
  if (raw === undefined || Object.keys(raw).length === 0) return undefined;
  return {
    resolution: raw["resolution"] ?? "",
    reviewsCount: Number(raw["reviews_count"] ?? "0"),
    reopened: Number(raw["reopened"] ?? "0"),
    reminded: Number(raw["reminded"] ?? "0"),
    threads: (raw["email_threads"] ?? "").split(",").filter((item) => item !== "").map(recipientOf),
    owed: mailsIn(raw["owed"]),
    failed: mailsIn(raw["failed"]),
    owner: ownerIn(raw["owner"]),
  };
}

function recipientOf(item: string): string {
  const [recipient = "", time = "", id = "", ...rest] = item.split("/");
  if (rest.length > 0 || id === "" || Number.isNaN(Date.parse(time))) {
    throw new Error(`not a thread: ${item}`);
  }
  return recipient.replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%25", "%");
}

function mailsIn(text: string | undefined): readonly StoredMail[] {
  if (text === undefined) return [];
  const items: readonly { kind: string; to: string; index?: number }[] = JSON.parse(text);
  return items.map(({ kind, to, index = 0 }) => ({
    key: `${kind}/${index}/${to}`,
    kind,
    index,
    to,
  }));
}

function ownerIn(text: string | undefined): StoredFacts["owner"] {
  if (text === undefined) return undefined;
  const [, instance = "", time = ""] = /^(\S+) (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(text) ?? [];
  if (instance === "") throw new Error(`not an owner: ${text}`);
  return { instance, untilMs: Date.parse(time) };
}

/** Teleport's compare-and-set of one entry: "" deletes and stands for an absent key. */
export function compareAndSetRaw(raw: Raw, set: Raw, expect: Raw): Raw | "conflict" {
  for (const key of Object.keys(expect)) {
    if ((raw[key] ?? "") !== expect[key]) return "conflict";
  }
  const next: Record<string, string> = { ...raw };
  for (const [key, value] of Object.entries(set)) {
    if (value === "") delete next[key];
    else next[key] = value;
  }
  return next;
}
