/**
 * The built-in subject and text templates. For reviewers they give the original's mails byte for
 * byte (original.md §6): no line end after the last line, except in a review without a reason.
 */

const FACTS = `\
ID: {{ id }}
Cluster: {{ cluster }}
{% if user %}User: {{ user }}
{% endif %}{% if roles %}Role(s): {{ roles | join: "," }}
{% endif %}{% if reason %}Reason: {{ reason }}
{% endif %}`;

const LINK = `{% if link %}Link: {{ link }}
{% endif %}`;

const LINK_OR_COMMANDS = `{% if link %}Link: {{ link }}
{% elsif status.state == "PENDING" %}Approve: tsh request review --approve {{ id }}
Deny: tsh request review --deny {{ id }}
{% endif %}`;

const STATUS = `
Status: {{ status.emoji }} {{ status.state }}\
{% if status.reason %} ({{ status.reason }}){% endif %}`;

const CORRECTION = `{% if correction %}

{{ correction }}{% endif %}`;

/** What Go prints for a time that was never set. */
const GO_ZERO_TIME = "01 Jan 01 00:00 UTC";

export const BUILTIN_TEXT = {
  "subject.txt": "{{ cluster }} Role Request {{ id }}",
  "new.txt": `You have a new Role Request:\n\n${FACTS}${LINK_OR_COMMANDS}${STATUS}`,
  "review.txt":
    `{{ review.author }} reviewed the request at {{ review.created | default: "${GO_ZERO_TIME}" }}.
Resolution: {{ review.emoji }} {{ review.state }}.
{% if review.reason %}Reason: {{ review.reason }}.{% endif %}`,
  "resolution.txt":
    `Role Request has been resolved:\n\n${FACTS}${LINK_OR_COMMANDS}${STATUS}${CORRECTION}`,
  "reopened.txt":
    `Role Request is open again:\n\n${FACTS}${LINK_OR_COMMANDS}${STATUS}${CORRECTION}`,
  "requester-new.txt": `Your Role Request has been submitted:\n\n${FACTS}${LINK}${STATUS}`,
  "requester-resolution.txt":
    `Your Role Request has been resolved:\n\n${FACTS}${LINK}${STATUS}${CORRECTION}`,
  "requester-reopened.txt":
    `Your Role Request is open again:\n\n${FACTS}${LINK}${STATUS}${CORRECTION}`,
} as const;
