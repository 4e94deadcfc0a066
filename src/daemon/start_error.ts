/** Errors of the configuration that show only when its files are read. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(readonly errors: readonly string[]) {
    super(errors.join("; "));
  }
}
