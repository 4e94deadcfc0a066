/** What the words of a mail service say, whatever its protocol: limits, times to wait, who is meant. */

/** No service is obeyed for longer: a typing error, or malice, would silence the program for good. */
export const MAX_PAUSE_MS = 3_600_000;

// Both begin where a word begins: a search that may begin anywhere takes the square of a long word's length.
const ADDRESS = /(?<![^\s<>"'(),:;[\]])[^\s<>"'(),:;[\]]+@[^\s<>"'(),:;]+/g;
/** Host and domain names, and the numbers and Exchange's names of errors that look alike. */
const DOTTED = /(?<![\p{L}\p{N}_-])[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+/gu;

/** Words of which refusals are made: as the local part of an address they cannot be told from those. */
const ORDINARY =
  /^(user|users|recipient|mailbox|account|address|unknown|local|mail|e-?mail|name|no|not|such|found|exist|invalid|valid)$/i;

/**
 * The words without what they quote: addresses, bracketed and quoted parts, URLs, host and domain names,
 * and the local parts of `addresses`. `relay.example.com` in an address that a server echoes says nothing
 * about relaying.
 */
export function ownWords(text: string, addresses: readonly string[] = []): string {
  const locals = addresses.map((address) => address.slice(0, address.lastIndexOf("@")))
    .filter((local) => local.length > 2 && !ORDINARY.test(local))
    .map((local) => local.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
  const quoted = locals.length === 0
    ? text
    : text.replace(new RegExp(`(?<![\\w.-])(${locals.join("|")})(?![\\w-])`, "gi"), " ");
  return quoted
    .replace(/<[^<>]*>/g, " ")
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, " ")
    .replace(/"[^"]*"/g, " ")
    .replace(/(^|[\s(])'[^']*'(?=[\s).,:;]|$)/g, "$1 ")
    .replace(ADDRESS, " ")
    .replace(DOTTED, (name) => /\p{L}/u.test(name) && !/Exception/.test(name) ? " " : name)
    .replace(/\s+/g, " ")
    .trim();
}

/** The number of connections is limited, by whatever counts them. */
export const CONNECTION_LIMIT = new RegExp(
  [
    "too many (\\w+ ){0,4}(connections?|sessions?)",
    "(concurrent|simultaneous|open) (\\w+ ){0,3}(connections?|sessions?)",
    "connections? (rate )?(limit|frequency)",
    "(number|limit) (of|on) (\\w+ ){0,3}(connections?|sessions?)",
    "(exceed\\w*|max(imum)?) (\\w+ ){0,3}connections?\\b",
    "thread limit",
  ].join("|"),
  "i",
);

/** Mails come too fast, counted over seconds or minutes. */
export const RATE_LIMIT = new RegExp(
  [
    "too (many|much) (\\w+ ){0,2}(e-?mails?|messages?|mail|recipients?|requests?|commands?|" +
    "deliver(y|ies)|auth\\w*|logins?|tls)",
    "\\brates?\\b(?! us)",
    "throttl",
    "too (fast|quick(ly)?|often|frequent(ly)?)",
    "slow(er)? down",
    "per (second|minute)",
    "(unexpected|unusual|excessive|high) (\\w+ )?volume",
    "frequency limit",
    "server (is )?(too )?busy",
  ].join("|"),
  "i",
);

/** What an account may send in an hour, a day or a month is used up, or what was paid for. */
export const SENDING_QUOTA = new RegExp(
  [
    "(hourly|daily|monthly|24.?hour|sending|outgoing|outbound|relay|submission|account|recipient|" +
    "message) (\\w+ ){0,4}(limits?|quota|allowance)",
    "(limits?|quota|allowance)\\b.{0,80}\\b(outgoing|sending|messages|e-?mails|hour|day|month)",
    "(exceed\\w*|reached|over)\\b.{0,60}\\b(e-?mails?|messages|per (hour|day|month)|threshold)",
    "quota (will )?(be )?reset",
    "(submission|sending|message)\\s?quota",
    "SubmissionQuota",
    "credits? (exceeded|exhausted|used up)|(out of|insufficient|no) credits?",
    "per (hour|day|month)",
  ].join("|"),
  "i",
);

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^ms|^milli/i, 1],
  [/^s/i, 1000],
  [/^m/i, 60_000],
  [/^h/i, 3_600_000],
  [/^d/i, 86_400_000],
];

/** A date as Mailgun writes it: `Wed, 22 Feb 2023 10:04:01 UTC`. */
const DATE = /\b[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:UTC|GMT|[+-]\d{4})/;

/** How long to wait by the service's own words, at most an hour; undefined where they name no time. */
export function pauseInWords(text: string, nowMs: number): number | undefined {
  const dateMs = Date.parse(DATE.exec(text)?.[0].replace("UTC", "GMT") ?? "");
  if (Number.isFinite(dateMs)) return Math.min(Math.max(0, dateMs - nowMs), MAX_PAUSE_MS);
  const [, count, unit = ""] =
    /\b(?:in|after|within|for|wait) (?:about |another )?(\d{1,6}(?:\.\d{1,6})?) ?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b/i
      .exec(text) ?? [];
  const scale = UNITS.find(([pattern]) => pattern.test(unit))?.[1];
  return count === undefined || scale === undefined
    ? undefined
    : Math.min(Number(count) * scale, MAX_PAUSE_MS);
}
