/** Requests and records for the tests of this folder. */

import type { AccessRequest } from "../../teleport/access_request/read.ts";
import { NOW_MS } from "../../testing/fake_clock.ts";
import type { MailKind, OwedMail } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";

export function aRequest(changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: "r1",
    user: "alice@example.com",
    roles: ["dev"],
    state: "PENDING",
    createdMs: NOW_MS - 60_000,
    reason: "deploy",
    resolveReason: "",
    reviews: [],
    suggestedReviewers: [],
    resources: [],
    thresholds: [],
    roleThresholds: new Map(),
    systemAnnotations: new Map(),
    ...changes,
  };
}

export function aRecord(changes: Partial<PluginRecord> = {}): PluginRecord {
  return {
    user: "alice@example.com",
    roles: ["dev"],
    requestReason: "deploy",
    reviewsCount: 0,
    resolution: "",
    resolveReason: "",
    reopened: 0,
    reminded: 0,
    isResourceRequest: false,
    threads: [],
    foreignThreads: [],
    owed: [],
    failed: [],
    ...changes,
  };
}

export function owed(kind: MailKind, to: string, index = 0): OwedMail {
  return { kind, to, index, sinceMs: NOW_MS, attempts: 0, notBeforeMs: 0 };
}
