import assert from "node:assert/strict";
import { metricValues } from "./metrics.ts";

Deno.test("metricValues() sums over labels, and counts accepted emails apart", () => {
  const text = `\
# HELP teleport_email_emails_total Emails.
# TYPE teleport_email_emails_total counter
teleport_email_emails_total{kind="new",outcome="accepted"} 3
teleport_email_emails_total{kind="review",outcome="accepted"} 2
teleport_email_emails_total{kind="new",outcome="failed"} 1
teleport_email_email_delay_seconds_bucket{le="0.05",kind="new"} 4
teleport_email_email_delay_seconds_sum{kind="new"} 0.5
teleport_email_ready 1
process_resident_memory_bytes 1.5e8

`;
  assert.deepEqual(metricValues(text), {
    "emails_total": 6,
    "emails_accepted": 5,
    "email_delay_seconds_sum": 0.5,
    ready: 1,
    "process_resident_memory_bytes": 1.5e8,
  });
  assert.deepEqual(metricValues(""), {});
});
