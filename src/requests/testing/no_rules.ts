/** A rule target for tests without access monitoring rules. */

import type { RuleTarget } from "../list_watch.ts";

export const noRules: RuleTarget = { list: () => Promise.resolve(), take: () => {} };
