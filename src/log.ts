/** The logging interface of all parts; `@logtape/logtape` loggers implement it (see `ops/log.ts`). */

/** Key-value pairs beside a message: never a secret, never a mail body. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ignore = () => {};

/** Discards everything: for commands that print their findings themselves. */
export const silentLog: Log = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
