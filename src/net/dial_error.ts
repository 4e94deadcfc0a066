/** Why no connection came about; `refused` stands for every answer of the network. */
export class DialError extends Error {
  override readonly name = "DialError";
  constructor(
    readonly why: "dns" | "refused" | "timeout" | "cancelled" | "proxy",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
