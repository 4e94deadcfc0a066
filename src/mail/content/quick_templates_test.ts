import assert from "node:assert/strict";
import { parseTemplate } from "./engine.ts";
import type { TemplateKind } from "./mail_data.ts";
import { HOSTILE_TEXT, sampleAccessLists, sampleData, sampleResourceData } from "./sample_data.ts";
import { DEFAULT_LOOK, templateScope } from "./scope.ts";
import { sampleScope, TEMPLATE_FILES, TEMPLATE_SOURCES } from "./templates.ts";

const KINDS: readonly TemplateKind[] = ["new", "review", "resolution", "reminder", "access-ending"];

const SCOPES = KINDS.flatMap((kind) => {
  const reviewer = sampleData(kind);
  const requester = sampleData(kind, "requester", "APPROVED");
  const bare = { ...reviewer, user: "", roles: undefined, reason: "", link: undefined };
  const hostile = { ...reviewer, user: HOSTILE_TEXT, reason: HOSTILE_TEXT };
  return [reviewer, requester, bare, hostile, sampleResourceData(reviewer, true)];
}).concat(sampleAccessLists()).map((data) =>
  templateScope(data, { ...DEFAULT_LOOK, details: true, actions: true })
);

/** What a template gives, rendered by liquidjs alone and directly. */
function bothWays(file: string, source: string) {
  const [plain, quick] = [false, true].map((trusted) => {
    const parsed = parseTemplate(file, source, sampleScope(), { trusted });
    assert(parsed.ok, file);
    return parsed.template;
  });
  assert(plain && quick);
  return SCOPES.map((scope) => [plain.render(scope), quick.render(scope)] as const);
}

Deno.test("built-in templates give the same words as rendered by liquidjs alone", () => {
  for (const file of TEMPLATE_FILES) {
    for (const [plain, quick] of bothWays(file, TEMPLATE_SOURCES[file])) {
      // The subject of emails about access lists has none to name in an email about a request.
      if (plain.ok) assert.deepEqual(quick, plain, file);
      else assert(!quick.ok, file);
    }
  }
});

Deno.test("every construct gives the same words as rendered by liquidjs alone", () => {
  const sources = [
    "",
    "text alone {{- id -}} \n {%- if user -%} {{ user | upcase | append: '!' }} {%- endif %}",
    "{% if reason == nil %}none{% elsif roles.size > 1 and user %}{{ roles[0] }}{% else %}{{ roles | last }}{% endif %}",
    "{% for role in roles %}{% if role == 'dba' %}{% break %}{% endif %}{{ forloop.index }} {{ role }};{% else %}no roles{% endfor %}",
    "{% for role in roles reversed %}{% if forloop.first %}{% continue %}{% endif %}{{ role }}{% endfor %} {{ id }}",
    "{% case status.state %}{% when 'PENDING', 'DENIED' %}open{% when 'APPROVED' %}{{ user }}{% else %}?{% endcase %}",
    "{% assign first = roles | first %}{% capture both %}{{ first }}-{{ id }}{% endcapture %}{{ both }} {{ first.size }}",
    "{% for id in roles %}{{ id }}{% endfor %}{{ id }}{% assign user = 'x' %}{{ user }}{% if user == 'x' %}!{% endif %}",
    "{{ cluster }}{% unless link %}{% assign cluster = id %}{% endunless %}{{ cluster }}",
    "{% unless link %}no link{% endunless %}{{ 'a' | append: 1.5 }}{{ reason | default: 'none' | escape | raw }}",
  ];
  for (const source of sources) {
    for (const file of ["a.txt", "a.html"]) {
      for (const [plain, quick] of bothWays(file, source)) {
        assert(plain.ok, source);
        assert.deepEqual(quick, plain, source);
      }
    }
  }
});

Deno.test("a variable that is missing is an error", () => {
  const parsed = parseTemplate("a.txt", "{{ id }}{{ nonsense }}", sampleScope(), { trusted: true });
  assert(parsed.ok);
  const rendered = parsed.template.render(sampleScope());
  assert(!rendered.ok);
  assert.match(rendered.error, /^Cannot use template 'a\.txt'.*: undefined variable: nonsense/);
});
