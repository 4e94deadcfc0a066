import { type Command, CommanderError } from "commander";
import { defined } from "../../optional.ts";
import { collect, emptyListOnce, listOnce, once } from "../arguments.ts";
import { CONFIG_EXITS, configOptions, type Definition, withConfig } from "../definition.ts";

/** The command `route`. */
export const ROUTE: Definition = {
  name: "route",
  summary: "Explains the recipients of a request's emails.",
  details: [
    "Makes the daemon's own decision and prints each rule, route and entry of role_to_recipients that it " +
    "evaluated, with the part of its condition that decided, and the source of each address.",
    "The request is described by flags, or is one of the cluster (--request ID, --pending), or of a file: " +
    "YAML or JSON as 'tctl get' prints it, with user, user_login_state and resource documents for traits " +
    "and labels beside it. Only --request ID, --pending and --cluster access the cluster.",
    `Exit codes: 0, 1 if --expect names other addresses, or ${CONFIG_EXITS}.`,
  ],
  example: "teleport-email route --roles dba --reviewers alice@example.com",
  define: (command, { run }) => {
    withConfig(command)
      .option("--roles <roles>", "Requested roles, between commas", listOnce("roles"), [])
      .option(
        "--reviewers <names>",
        "Suggested reviewers, between commas",
        listOnce("reviewers"),
        [],
      )
      .option("--user <name>", "The requester", once("user"))
      .option("--reason <text>", "The reason", once("reason"))
      .option("--resource <kind/name>", "A requested resource, may be repeated", collect)
      .option("--trait <key=value>", "A trait of the requester, may be repeated", collect)
      .option("--label <key=value>", "A label of the resources, may be repeated", collect)
      .option("--at <time>", "When the request was made, in RFC 3339; else now", once("at"))
      .option("--request <id|file>", "A request of the cluster, or of a file", once("request"))
      .option("--pending", "Every pending request of the cluster")
      .option("--rules <file>", "Rules of a file instead of the cluster's", once("rules"))
      .option("--cluster", "Ask the cluster for rules, traits and labels")
      .option("--json", "Print JSON")
      .option(
        "--expect <addresses>",
        "Exit with 1 unless these are emailed",
        emptyListOnce("expect"),
      )
      .action(({ resource, trait, label, ...options }, command: Command) => {
        const hasSubject = options.roles.length > 0 || options.reviewers.length > 0 ||
          resource !== undefined || label !== undefined || options.request || options.pending;
        if (!hasSubject) {
          throw new CommanderError(
            1,
            "subject",
            "give --roles, --resource, --request or --pending",
          );
        }
        const given = defined({ resources: resource, traits: trait, labels: label });
        return run("route", async () => (await import("../route.ts")).route, {
          ...options,
          ...configOptions(command),
          ...given,
        });
      });
  },
};
