/**
 * Validates a condition as a server does: its syntax and the names in it. Types and numbers of
 * arguments are not checked. Independent of the program's own parser, as a second implementation.
 */

const VARIABLES = new Set([
  "true",
  "false",
  "access_request.spec.roles",
  "access_request.spec.suggested_reviewers",
  "access_request.spec.user",
  "access_request.spec.request_reason",
  "access_request.spec.creation_time",
  "access_request.spec.expiry",
]);
/** Variables that may be followed by one key. */
const DICTS = [
  "access_request.spec.system_annotations",
  "access_request.spec.resource_labels_union",
  "access_request.spec.resource_labels_intersection",
  "user.traits",
];
const FUNCTIONS = new Set(
  ("set union pair dict ifelse option choose contains_any contains_all is_empty strings.upper " +
    "strings.lower strings.replaceall strings.split email.local regexp.match regexp.replace " +
    "time.RFC3339 before after between newer_than older_than").split(" "),
);
const METHODS = new Set(
  "contains contains_any contains_all isempty add remove put add_values before after between"
    .split(" "),
);

type Kind = "name" | "string" | "number" | "operator" | "end";

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

const TOKEN = new RegExp(
  [
    /(?<space>[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/,
    /(?<name>[\p{L}_][\p{L}\p{Nd}_]*)/u,
    /(?<string>"(?:[^"\\\n]|\\(?:[abfnrtv\\"]|[0-7]{3}|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}))*"|`[^`]*`)/,
    /(?<number>\d+)/,
    /(?<operator>&&|\|\||==|!=|\.\.\.|[!.,()[\]])/,
  ].map(({ source }) => source).join("|"),
  "uy",
);

class Fault extends Error {}

/** The error in a condition; undefined when a server accepts it. */
export function conditionFault(text: string): string | undefined {
  try {
    new Parser(tokens(text)).expression();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** As in Go, a line break after an operand ends the expression: it becomes an `end` token. */
function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Fault(`illegal character at ${start + 1}`);
    const [kind, token] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
    if (kind === undefined || token === undefined) continue;
    if (kind !== "space") found.push({ kind: kind as Kind, text: token });
    else if (token.includes("\n") && endsOperand(found.at(-1))) {
      found.push({ kind: "end", text: "newline" });
    }
  }
  if (found.at(-1)?.kind !== "end") found.push({ kind: "end", text: "EOF" });
  return found;
}

function endsOperand(token: Token | undefined): boolean {
  return token !== undefined &&
    (token.kind === "operator" ? /^[)\]]$/.test(token.text) : token.kind !== "end");
}

class Parser {
  #at = 0;

  constructor(private readonly list: readonly Token[]) {}

  expression(): void {
    this.#binary();
    if (this.#peek.kind !== "end" || this.#at < this.list.length - 1) this.#unexpected();
  }

  /** Operator precedence does not affect syntax and names. */
  #binary(): void {
    this.#unary();
    while (["&&", "||", "==", "!="].includes(this.#peek.text)) {
      this.#at++;
      this.#unary();
    }
  }

  #unary(): void {
    while (this.#take("!"));
    this.#postfix();
  }

  #postfix(): void {
    const selector = this.#primary();
    if (selector !== undefined) this.#named(selector);
    while (this.#peek.kind === "operator") {
      if (this.#take("[")) {
        this.#binary();
        this.#expect("]");
      } else if (this.#take(".")) {
        const method = this.#name();
        if (this.#peek.text !== "(" || !METHODS.has(method)) {
          throw new Fault(`unknown identifier: "${method}"`);
        }
        this.#call();
      } else break;
    }
  }

  /** `a.b.c` as far as it is one name; undefined after a literal or parentheses. */
  #primary(): string | undefined {
    const { kind } = this.#peek;
    if (kind === "string" || kind === "number") {
      this.#at++;
      return undefined;
    }
    if (this.#take("(")) {
      this.#binary();
      this.#expect(")");
      return undefined;
    }
    let selector = this.#name();
    while (this.#peek.text === "." && this.list[this.#at + 1]?.kind === "name") {
      // A method belongs to the operand before it.
      const method = this.list[this.#at + 1]?.text ?? "";
      if (this.list[this.#at + 2]?.text === "(" && METHODS.has(method)) break;
      this.#at++;
      selector += `.${this.#name()}`;
    }
    return selector;
  }

  /** A called name is a function, any other a variable. */
  #named(selector: string): void {
    if (this.#peek.text === "(") {
      if (!FUNCTIONS.has(selector)) throw new Fault(`unsupported function: ${selector}`);
      this.#call();
      return;
    }
    const isKnown = VARIABLES.has(selector) ||
      DICTS.some((dict) =>
        selector === dict ||
        selector.startsWith(`${dict}.`) && !selector.slice(dict.length + 1).includes(".")
      );
    if (!isKnown) throw new Fault(`unknown identifier: "${selector}"`);
  }

  #call(): void {
    this.#expect("(");
    while (!this.#take(")")) {
      this.#binary();
      this.#take("...");
      if (this.#peek.text !== ")") this.#expect(",");
    }
  }

  #name(): string {
    if (this.#peek.kind !== "name") this.#unexpected();
    return this.list[this.#at++]?.text ?? "";
  }

  get #peek(): Token {
    return this.list[this.#at] ?? { kind: "end", text: "EOF" };
  }

  #take(text: string): boolean {
    const { kind } = this.#peek;
    if (kind !== "operator" || this.#peek.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#unexpected();
  }

  #unexpected(): never {
    throw new Fault(`expected operand or operator, found '${this.#peek.text}'`);
  }
}
