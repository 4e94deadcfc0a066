/** A cluster without access monitoring rules, for those who follow one. */

import type { RuleTarget } from "../list_watch.ts";

export const noRules: RuleTarget = { list: () => Promise.resolve(), take: () => {} };
