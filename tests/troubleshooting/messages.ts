/** Finds the texts of messages in a source file, without running it. */

/** What stands for a value that is filled in. */
export const HOLE = "…";

/** A token that matters: a literal, a plus between literals, or anything else. */
interface Token {
  readonly kind: "text" | "plus" | "other";
  readonly text: string;
  /** The code in the holes of a template. */
  readonly inner?: readonly string[];
}

/**
 * The string and template literals of `source`, joined where a plus stands between them, with
 * {@linkcode HOLE} for what is filled in; those of three words and more.
 */
export function messagesIn(source: string): readonly string[] {
  const messages: string[] = [];
  let current: string | undefined;
  let joins = false;
  const end = () => {
    if (current !== undefined && /^\S+ \S+ \S+/.test(current)) messages.push(current);
    current = undefined;
  };
  for (const { kind, text, inner } of tokens(source)) {
    // A hole may hold messages of its own.
    messages.push(...(inner ?? []).flatMap(messagesIn));
    if (kind === "plus") joins = current !== undefined;
    else if (kind === "other") end();
    else {
      if (!joins) end();
      current = (joins ? current ?? "" : "") + text;
      joins = false;
    }
  }
  end();
  return messages;
}

function* tokens(source: string): Generator<Token> {
  const pattern =
    /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`|\s+|\+|[\w$]+|[^]/g;
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    const [found] = match;
    if (/^(\s|\/\*|\/\/)/.test(found)) continue;
    if (found === "`") {
      const { text, inner, next } = template(source, pattern.lastIndex);
      pattern.lastIndex = next;
      yield { kind: "text", text, inner };
    } else if (/^["']/.test(found)) yield { kind: "text", text: unescape(found.slice(1, -1)) };
    else yield { kind: found === "+" ? "plus" : "other", text: found };
  }
}

/** Reads a template literal from behind its first backtick. */
function template(source: string, start: number) {
  let text = "";
  const inner: string[] = [];
  let at = start;
  while (at < source.length && source[at] !== "`") {
    if (source[at] === "\\") {
      text += unescape(source.slice(at, at + 2));
      at += 2;
    } else if (source.startsWith("${", at)) {
      const holeStart = at + 2;
      at = holeEnd(source, holeStart);
      inner.push(source.slice(holeStart, at));
      text += HOLE;
      at++;
    } else text += source[at++];
  }
  return { text, inner, next: at + 1 };
}

/** The closing brace of a hole; templates and braces in it are passed over. */
function holeEnd(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    const char = source[at];
    if (char === "`") at = template(source, at + 1).next - 1;
    else if (char === "{") depth++;
    else if (char === "}" && depth-- === 0) return at;
  }
  return source.length;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => ({ n: "\n", r: "\r" })[char] ?? char);
}
