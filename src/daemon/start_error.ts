/** Configuration errors that appear only when the daemon uses the configuration. */
export class StartError extends Error {
  override readonly name = "StartError";

  /** With `mayHeal`, the cause is outside the configuration, and a restart may succeed. */
  constructor(readonly errors: readonly string[], readonly mayHeal = false) {
    super(errors.join("; "));
  }
}
