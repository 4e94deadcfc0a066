/** What a mutation run changes, and the tests that must notice. */

/**
 * An edit of a file: the text, which occurs once, and what takes its place. `survives` is the reason why
 * no test can, or need, notice it.
 */
export type Edit = readonly [find: string, replace: string, survives?: string];

export interface Target {
  readonly file: string;
  /** Files or folders of unit tests; one of them must fail with each edit. */
  readonly tests: readonly string[];
  readonly edits: readonly Edit[];
}
