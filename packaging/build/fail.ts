/** What the person who builds has to put right; printed without a stack trace. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}
