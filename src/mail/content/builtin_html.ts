/** The built-in HTML templates: what is asked for first, then what decides, then everything else. */

import {
  badge,
  block,
  button,
  command,
  facts,
  folded,
  link,
  mono,
  multiline,
  page,
  paragraph,
  quote,
  row,
  soft,
} from "./html_parts.ts";

/** A long reason must not push the decision out of sight: its end comes last. */
const BEGINNING = `{% assign lines = reason | default: "" | split: "\\n" %}` +
  `{% assign beginning = lines | slice: 0, 12 | join: "\\n" | truncate: 800, "…" %}`;

const IS_LONG = "lines.size > 12 or reason.size > 800";

/** Who wants what, for how long, and why. */
const LEAD = BEGINNING + paragraph(
  `<bdi><strong>{{ user | default: "A user" }}</strong></bdi> requests {{ summary }}.`,
) +
  `{% if reason %}${quote(multiline("beginning"))}` +
  `{% if ${IS_LONG} %}${paragraph(soft("The whole reason is below."))}{% endif %}` +
  `{% endif %}`;

const WHOLE_REASON = `{% if reason %}{% if ${IS_LONG} %}${
  row("Reason", multiline("reason"))
}{% endif %}{% endif %}`;

const STATUS = paragraph(badge("status")) +
  `{% if status.reason %}${quote(multiline("status.reason"))}{% endif %}`;

const CORRECTION = `{% if correction %}${paragraph("{{ correction }}")}{% endif %}`;

const RESOURCES = "{% for resource in details.resources %}" +
  `<div style="margin:0 0 10px;"><bdi><strong>{{ resource.name }}</strong></bdi> ${
    soft("{{ resource.kind }}")
  }` +
  "{% if resource.limited_to %}<br>{{ resource.limited_to }}{% endif %}" +
  `{% if resource.labels %}<br>${soft("{{ resource.labels }}")}{% endif %}` +
  `<br>${mono("{{ resource.path }}")}</div>{% endfor %}` +
  "{% if details.more_resources %}<div>and {{ details.more_resources }} more</div>{% endif %}";

const APPROVALS = "{% for approval in details.approvals %}" +
  "<div>{% if approval.roles %}{{ approval.roles }}: {% endif %}{{ approval.progress }}</div>" +
  "{% endfor %}";

const MISSING = "{% for approval in details.approvals %}{% if approval.missing %}" +
  "<div>{% if approval.roles %}{{ approval.roles }}: {% endif %}{{ approval.missing }}</div>" +
  "{% endif %}{% endfor %}";

const NAMES = (list: string) => `{{ ${list} | join: ", " }}`;

const WHAT = row("Resources", RESOURCES, { given: "details.resources" }) +
  row("Role(s)", NAMES("roles"), { given: "roles" }) +
  row("User", "<bdi>{{ user }}</bdi>", { given: "user" }) +
  row("Term", "{{ details.term }}", { given: "details.term" }) +
  row("Login hint", "{{ details.login_hint }}", { given: "details.login_hint" }) +
  row("Access list", "{{ details.recommended_access_list }}", {
    given: "details.recommended_access_list",
  }) +
  row("Cannot be granted", "{{ details.grouping_problem }}", { given: "details.grouping_problem" });

const HOW_LONG = row("Maximum duration", "{{ details.max_duration }}", {
  given: "details.max_duration",
}) +
  row("Access starts", "{{ details.access_starts }}", { given: "details.access_starts" }) +
  row("Access ends", "{{ details.access_ends }}", { given: "details.access_ends" }) +
  row("Session length", "{{ details.session_length }}", { given: "details.session_length" });

const DECISION = row("Decide before", "{{ details.decide_before }}", {
  given: "details.decide_before",
}) +
  row("Approvals", APPROVALS, { given: "details.approvals" });

const ASKED =
  `{% if audience == "requester" %}Asked to review{% else %}Also asked to review{% endif %}`;

const REST = row(ASKED, NAMES("details.reviewers"), { given: "details.reviewers" }) +
  row("Requested", "{{ details.requested }}", { given: "details.requested" }) +
  row("Cluster", "<bdi>{{ cluster }}</bdi>") +
  row("ID", "{{ id }}", { code: true });

const REQUEST = folded(
  `<bdi>{{ user | default: "A user" }}</bdi> requests {{ summary }}`,
  `{% if reason %}${quote(multiline("reason"))}{% endif %}` + facts(WHAT, HOW_LONG, REST),
);

/** Who decided, and what came of it. */
const OUTCOME = row("Decided by", NAMES("details.decided_by"), { given: "details.decided_by" }) +
  row("Decided", "{{ details.decided }}", { given: "details.decided" }) +
  row("Expired", "{{ details.expired }}", { given: "details.expired" }) +
  row("Approvals", APPROVALS, { given: "details.approvals" }) +
  row("Granted role(s)", NAMES("details.granted_roles"), { given: "details.granted_roles" }) +
  row("Access list", "{{ details.access_list }}", { given: "details.access_list" }) +
  `{% if status.state == "APPROVED" %}${
    row("Access starts", "{{ details.access_starts }}", { given: "details.access_starts" })
  }${row("Access ends", "{{ details.access_ends }}", { given: "details.access_ends" })}{% endif %}`;

const REVIEW = paragraph(badge("review")) +
  `{% if review.reason %}${quote(multiline("review.reason"))}{% endif %}` +
  facts(
    row("Reviewer", "<bdi>{{ review.author }}</bdi>"),
    row("Submitted by", "{{ review.submitted_by }}", { given: "review.submitted_by" }),
    row("Reviewed", "{{ review.at }}", { given: "review.at" }),
    row("Access starts", "{{ review.access_starts }}", { given: "review.access_starts" }),
    row("Access list", "{{ review.access_list }}", { given: "review.access_list" }),
    `{% if details.is_missing_approvals %}${row("Still missing", MISSING)}{% endif %}`,
    row("Decide before", "{{ details.decide_before }}", { given: "details.decide_before" }),
  );

/** Only the promotion to an access list grants a long-term request, and no command does that. */
const COMMANDS = "{% if details.is_long_term %}" +
  paragraph("To approve the request, promote it to an access list in the web UI.") + "{% else %}" +
  command("Approve", "tsh request review --approve {{ id }}") + "{% endif %}" +
  command("Deny", "tsh request review --deny {{ id }}");

const REVIEW_ACTION = `{% if link %}{% if status.state == "PENDING" %}${
  button("Review the request")
}{% else %}${
  button("Open the request")
}{% endif %}{% elsif status.state == "PENDING" %}${COMMANDS}{% endif %}`;

const OPEN_ACTION = `{% if link %}${button("Open the request")}{% endif %}`;

const LOGIN = `{% if status.state == "APPROVED" %}${
  command("Use the access", "tsh login --request-id={{ id }}")
}{% elsif status.state == "PROMOTED" %}${
  paragraph("Log out and in again to use the access.")
}{% endif %}`;

const TERM = "{% if details.is_long_term %} (long-term){% endif %}";

/** For reviewers: what is asked, the action, everything else. */
const ASKED_FACTS = facts(DECISION, WHAT, HOW_LONG, REST, WHOLE_REASON);
const ASK = LEAD + STATUS + CORRECTION + REVIEW_ACTION + ASKED_FACTS;
const OWN = LEAD + STATUS + CORRECTION + OPEN_ACTION + ASKED_FACTS;
const LATE = `{% if details.expired %}${
  paragraph("The request expired before it was decided.")
}{% endif %}`;

const END = STATUS + LATE + CORRECTION + facts(OUTCOME);

const ENDING = paragraph(
  "Your access ends {% if details.access_ends %}<strong>{{ details.access_ends }}</strong>{% else %}soon{% endif %}. " +
    "If you need it for longer, make a new request.",
);

const ACCESS_LISTS = "{% for list in access_lists %}" +
  `<div style="margin:0 0 18px;"><bdi><strong>{{ list.title }}</strong></bdi>` +
  `{% if list.members %} ${soft("{{ list.members }}")}{% endif %}` +
  "{% if list.description %}<br>{{ list.description }}{% endif %}" +
  "<br>{% if list.is_overdue %}<strong>Review overdue</strong>{% else %}Review due{% endif %}: {{ list.due }}" +
  `{% if list.link %}<br>${
    link("{{ list.link }}", "Review the members")
  }{% endif %}</div>{% endfor %}` +
  "{% if more_access_lists %}<div>and {{ more_access_lists }} more</div>{% endif %}";

export const BUILTIN_HTML = {
  "new.html": page(`You have a new {{ request_type }}${TERM}`, ASK),
  "review.html": page(
    `<bdi>{{ review.author }}</bdi> reviewed {% if audience == "requester" %}your{% else %}the{% endif %} {{ request_type }}`,
    REVIEW + OPEN_ACTION + REQUEST,
  ),
  "resolution.html": page(
    `{{ request_type }}${TERM} has been resolved`,
    END + REVIEW_ACTION + REQUEST,
  ),
  "reopened.html": page(`{{ request_type }}${TERM} is open again`, ASK),
  "reminder.html": page(`A {{ request_type }}${TERM} is still waiting for your review`, ASK),
  "requester-new.html": page(
    `Your {{ request_type }}${TERM} has been submitted`,
    OWN,
  ),
  "requester-resolution.html": page(
    `Your {{ request_type }}${TERM} has been resolved`,
    END + LOGIN + OPEN_ACTION + REQUEST,
  ),
  "requester-reopened.html": page(
    `Your {{ request_type }}${TERM} is open again`,
    OWN,
  ),
  "requester-access-ending.html": page(
    `Access from your {{ request_type }}${TERM} ends soon`,
    ENDING + STATUS + OPEN_ACTION + facts(OUTCOME) + REQUEST,
  ),
  "access-list-review.html": page(
    "Access lists are due for review",
    paragraph("You own access lists whose members are due for review.") + block(ACCESS_LISTS),
    "Teleport access list review",
  ),
} as const;
