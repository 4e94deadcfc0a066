/** Why a connection failed; `refused` covers every error that the network reports. */
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
