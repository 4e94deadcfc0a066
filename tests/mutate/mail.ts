/** Mutations of how mails are sent, of what answers mean, and of what a mail shows. */

import type { Target } from "./target.ts";

const MAIL = "src/mail";
const SMTP = `${MAIL}/smtp`;
const CONTENT = `${MAIL}/content`;

export const MAIL_TARGETS: readonly Target[] = [
  {
    file: `${SMTP}/reply.ts`,
    tests: [`${SMTP}/reply_test.ts`, `${SMTP}/receipt_test.ts`],
    edits: [
      ["(row.at === undefined || row.at.includes(step)) &&", ""],
      ["(row.codes === undefined || row.codes.test(String(code))) &&", ""],
      ["(row.enhanced === undefined || row.enhanced.test(enhanced)) &&", ""],
      ["(row.unless === undefined || !row.unless.test(words))", "true"],
      ['first ?? TRAILING.exec(text)?.[1] ?? ""', 'first ?? ""'],
      ["ownWords(text, addresses)", "text"],
      ["&& !named.has(to.toLowerCase())", ""],
    ],
  },
  {
    file: `${SMTP}/reply_table.ts`,
    tests: [`${SMTP}/reply_test.ts`],
    edits: [
      ["`^(?!.*(${NO_SUCH_USER.source})).*(${", "`^.*(${"],
      ["      NOT_ABOUT_MAILBOX,\n", ""],
      ["unless: ABOUT_FULL_MAILBOX,", ""],
      [
        '    words: CLIENT_BLOCKED,\n    unless: ABOUT_DNS,\n    category: "policy",\n    retry: "later"',
        '    words: CLIENT_BLOCKED,\n    category: "policy",\n    retry: "later"',
      ],
      ["codes: /^50[14]$/,", "codes: /^501$/,"],
    ],
  },
  {
    file: `${SMTP}/receipt.ts`,
    tests: [`${SMTP}/receipt_test.ts`, `${SMTP}/quirks_test.ts`, `${SMTP}/auth_test.ts`],
    edits: [
      [
        "singleLine(explanation(error, parts, attempt), attempt.secrets)",
        "explanation(error, parts, attempt)",
      ],
      [`if (attempt.cancelled) return ["cancelled", "later"];`, ""],
      [`attempt.contentStarted ? "later" : "transport"];`, `"transport"];`],
      [
        "replyCode < 400 || replyCode > 599 || isForeign(reply)",
        "replyCode < 400 || replyCode > 599",
      ],
      ['isMailing ? "MAIL" : command', "command"],
      [`return attempt.contentStarted ? "later" : "transport";`, `return "transport";`],
      [`return attempt.contentStarted ? "later" : "transport";`, `return "later";`],
      [`if (/sender/i.test(parts.message)) return ["configuration", "transport"];`, ""],
      [`if (error instanceof ClearTextError) return ["tls", "transport"];`, ""],
      ["if (/socket disconnected/.test(parts.message)) return false;", ""],
      ["isLimit ? pauseInWords(reply.text, attempt.nowMs ?? Date.now()) : undefined", "undefined"],
    ],
  },
  {
    file: `${SMTP}/clear_text.ts`,
    tests: [`${SMTP}/clear_text_test.ts`],
    edits: [
      ["if (options.auth === undefined || options.implicitTls) return false;", ""],
      [`options.starttlsPolicy === "opportunistic" && !isLocal`, "false"],
      [
        `options.starttlsPolicy === "opportunistic" && !isLocal`,
        `options.starttlsPolicy === "opportunistic"`,
      ],
      ["socket.destroy(new ClearTextError());\n      return false;", ""],
    ],
  },
  {
    file: `${SMTP}/tls.ts`,
    tests: [`${SMTP}/tls_test.ts`, `${SMTP}/transport_test.ts`],
    edits: [
      ["rejectUnauthorized: !options.insecureSkipVerify", "rejectUnauthorized: false"],
      ["options.serverName ?? options.host", "options.host"],
      [`minVersion: "TLSv1.2",`, "", "the runtime speaks nothing older"],
    ],
  },
  {
    file: `${SMTP}/message/mail_options.ts`,
    tests: [`${SMTP}/transport_test.ts`, `${SMTP}/quirks_test.ts`],
    edits: [
      ["headers: { ...extraHeaders(message), ...serviceHeaders(host) },", ""],
      ["...(inReplyTo ? { inReplyTo: `<${bareMessageId(inReplyTo)}>` } : {}),", ""],
      ["...(references.length > 0 ? { references: [...references] } : {}),", ""],
      ["...(message.replyTo ? { replyTo: mailbox(message.replyTo) } : {}),", ""],
      ["messageId: `<${message.messageId}>`,", ""],
      ["disableFileAccess: true,", "", "the pool forbids it, too"],
      [`textEncoding: "quoted-printable",`, ""],
    ],
  },
  {
    file: `${SMTP}/pool.ts`,
    tests: [`${SMTP}/transport_test.ts`, `${SMTP}/tls_test.ts`, `${SMTP}/auth_test.ts`],
    edits: [
      [`requireTLS: starttlsPolicy === "mandatory" && !implicitTls,`, ""],
      ["if (mustHideCredentials(options)) refuseClearCredentials(connection);", ""],
      ["secure: implicitTls,", "secure: false,"],
    ],
  },
  {
    file: `${SMTP}/content.ts`,
    tests: [`${SMTP}/content_test.ts`, `${SMTP}/transport_test.ts`],
    edits: [
      ["if (!this.mayStart()) {", "if (false) {"],
      ["this.readableDidRead = true;", ""],
      [`(lines.startsWith(".") ? "." : "")`, `""`],
      [`lines.replaceAll("\\n.", "\\n..")`, "lines"],
      [`text.replace(/\\r\\n?|\\n/g, "\\r\\n")`, "text"],
    ],
  },
  {
    file: `${SMTP}/message/quoted_printable.ts`,
    tests: [`${SMTP}/message/quoted_printable_test.ts`],
    edits: [
      [`.replace(SPACE_AT_LINE_END, escapeByte)`, ""],
      [`.replaceAll("=", "=3D")`, ""],
      ["if (char === LF) return at + 1;", ""],
      ["if (byte >= 0xc0) break;", ""],
      ["if (cut === encoded.length || cut - start < LINE_LENGTH) return cut;", "return cut;"],
    ],
  },
  {
    file: `${SMTP}/message/slot_text.ts`,
    tests: [`${SMTP}/message/slot_text_test.ts`, `${SMTP}/message/shared_message_test.ts`],
    edits: [
      ["start < slotEnd ? undefined", "start < own.length ? undefined"],
      [
        "tail += dataText(encoded.slice(start, end) + lineBreak(encoded, end));",
        "tail += encoded.slice(start, end) + lineBreak(encoded, end);",
      ],
    ],
  },
  {
    file: `${MAIL}/address.ts`,
    tests: [`${MAIL}/address_test.ts`],
    edits: [
      [`if (address === "") return "is empty";`, ""],
      [
        `if (/[\\p{Cc}\\p{Zl}\\p{Zp}\\s]/u.test(address)) return "has white space or control characters";`,
        "",
      ],
      [
        `if (/[<>,;"()[\\]\\\\]/.test(plain)) return "has characters that separate addresses";`,
        "",
      ],
      ["/^[^@]+@[^@]+$/.test(address) ? undefined", "true ? undefined"],
      [`.replace(/[\\p{Cc}\\p{Zl}\\p{Zp}]+/gu, " ").trim();`, `.trim();`],
      [`name.replace(/["\\\\]/g, "\\\\$&")`, "name"],
    ],
  },
  {
    file: `${MAIL}/message_id.ts`,
    tests: [`${MAIL}/message_id_test.ts`],
    edits: [
      [
        "JSON.stringify([requestId, kind, index, recipient])",
        "JSON.stringify([requestId, kind, recipient])",
      ],
      [
        "JSON.stringify([requestId, kind, index, recipient])",
        "JSON.stringify([kind, index, recipient])",
      ],
      [
        "JSON.stringify([requestId, kind, index, recipient])",
        "[requestId, kind, index, recipient].join()",
      ],
      ['.replace(/^<+/, "")', ""],
    ],
  },
  {
    file: `${MAIL}/retry_after.ts`,
    tests: [`${MAIL}/retry_after_test.ts`],
    edits: [
      ["Math.min(Number(text) * 1000, MAX_MS)", "Number(text) * 1000"],
      ["Number(text) * 1000", "Number(text)"],
      ["if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;", ""],
      ["Math.max(0, dateMs - nowMs)", "dateMs - nowMs"],
    ],
  },
  {
    file: `${MAIL}/mailgun/receipt.ts`,
    tests: [`${MAIL}/mailgun`],
    edits: [
      ["singleLine(words, attempt.secrets)", "words"],
      [`if (attempt.cancelled) return refusal("cancelled", "later", say("cancelled"));`, ""],
      [`return refusal("timeout", "transport"`, `return refusal("timeout", "never"`],
      [`isLimit && pause !== undefined ? "transport" : retry`, "retry"],
      [`pause === undefined || retry === "never" ? {}`, "true ? {}"],
      [`isTls ? "tls" : "network"`, `"network"`],
    ],
  },
  {
    file: `${MAIL}/mailgun/transport.ts`,
    tests: [`${MAIL}/mailgun`],
    edits: [
      [`[REQUIRE_TLS]: "true",`, ""],
      ["Object.entries(extraHeaders(message)).map(", "[].map("],
      ['"h:Message-Id": `<${message.messageId}>`,', ""],
      ["if (problem !== undefined) {", "if (false) {"],
      ["encodeURIComponent(options.domain)", "options.domain"],
    ],
  },
  {
    file: `${MAIL}/server_words.ts`,
    tests: [`${MAIL}/server_words_test.ts`, `${SMTP}/receipt_test.ts`],
    edits: [
      ["Math.min(Number(count) * scale, MAX_PAUSE_MS)", "Number(count) * scale"],
      [`.replace(ADDRESS, " ")`, ""],
      [`.replace(/<[^<>]*>/g, " ")`, ""],
    ],
  },
  {
    file: "src/text.ts",
    tests: ["src/text_test.ts"],
    edits: [
      ["words = hide(base64(secret), secret, words);", ""],
      [`if (secret === "") continue;`, ""],
      ["characters.length > MAX_WORDS", "false"],
      [
        `words.replace(/[\\p{Cc}\\p{Zl}\\p{Zp}\\u202A-\\u202E\\u2066-\\u2069]+/gu, " ").trim()`,
        "words.trim()",
      ],
    ],
  },
  {
    file: `${CONTENT}/sanitize.ts`,
    tests: [`${CONTENT}/sanitize_test.ts`, `${CONTENT}/hostile_values_test.ts`],
    edits: [
      [".replace(HIDDEN, escapeCharacter)", ""],
      [".replace(STRAY_JOINER, escapeCharacter)", ""],
      [".replace(STRAY_TAG, escapeCharacter)", ""],
      ["return escapeHomographs(visible, escapeCharacter);", "return visible;"],
      ['imitatesOurLines(shown, limits) ? `"${shown}"` : shown', "shown"],
      ["imitatesOurLines(line, limits) ? `> ${line}` : line", "line"],
      ["names.slice(0, limits.names)", "names"],
      [`.normalize("NFKD")`, ""],
      [".replace(HIDDEN_IN_TEXT, escapeCharacter)", ""],
      ["hasDetails ? LABEL_OR_DETAIL : LABEL", "LABEL"],
    ],
  },
  {
    file: `${CONTENT}/homographs.ts`,
    tests: [`${CONTENT}/sanitize_test.ts`],
    edits: [
      ["hasLatin && (LATIN.test(word) || LOOKS_LATIN.test(word))", "false"],
      ["hasLatin && (LATIN.test(word) || LOOKS_LATIN.test(word))", "hasLatin"],
      [".replace(MATHEMATICAL, escape)", ""],
    ],
  },
  {
    file: `${CONTENT}/compose.ts`,
    tests: [`${CONTENT}/compose_test.ts`, `${CONTENT}/hostile_values_test.ts`],
    edits: [
      [`if (subject === "") {`, "if (false) {"],
      ["if (override?.ok) return override.output;", ""],
      ["truncate(line, MAX_SUBJECT)", "line"],
      ["if (!look.html) return { subject, text, warnings };", ""],
    ],
  },
];
