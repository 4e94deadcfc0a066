import { integer, positiveNumber } from "./fields.ts";

/** Keys that both transports share. */
export const limitEntries = {
  "max_connections": integer(1, 1000),
  "max_messages_per_second": positiveNumber,
};

export const DEFAULT_MAX_CONNECTIONS = 10;
