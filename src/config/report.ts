/** Collects what is wrong with a file, so that one run shows all of it. */
export class Report {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #known = new Map<string, readonly string[]>();
  readonly fileErrors: string[] = [];
  readonly #unknown: { readonly section: string; readonly key: string }[] = [];

  error(text: string): void {
    this.errors.push(oneLine(text));
  }

  /** An error about a file that the configuration names, and not about the configuration itself. */
  fileError(text: string): void {
    this.error(text);
    this.fileErrors.push(oneLine(text));
  }

  warn(text: string): void {
    this.warnings.push(oneLine(text));
  }

  /** Remembers a section's keys and the strange ones in it, for hints once all sections are read. */
  keys(section: string, known: readonly string[], unknown: readonly string[]): void {
    this.#known.set(section, known);
    for (const key of unknown) this.#unknown.push({ section, key });
  }

  get knownKeys(): ReadonlyMap<string, readonly string[]> {
    return this.#known;
  }

  get unknownKeys(): readonly { readonly section: string; readonly key: string }[] {
    return this.#unknown;
  }
}

/** Control characters of a quoted value would break the report's line or the terminal. */
function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What the readers of the sections share. */
export interface Context {
  readonly report: Report;
  /** systemd's directory of secrets, for `${CREDENTIALS_DIRECTORY}` in paths. */
  readonly credentialsDirectory?: string;
}
