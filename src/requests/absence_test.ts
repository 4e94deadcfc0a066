import assert from "node:assert/strict";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ClusterError } from "../teleport/errors.ts";
import type { Role } from "../teleport/permissions.ts";
import { type AbsenceCalls, judgeAbsence } from "./absence.ts";
import { LISTING_ROLE } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";

const CONDITIONAL: Role = {
  ...LISTING_ROLE,
  allow: [{ kinds: ["access_request"], verbs: ["list", "read"], where: "equals(1, 1)" }],
};
const NARROW: Role = {
  ...LISTING_ROLE,
  allow: [{ kinds: ["access_request"], verbs: ["read"], where: "" }],
};

type Answer = Awaited<ReturnType<AbsenceCalls["findRequest"]>>;

/** Judges requests that a listing lacks, by what the server says of each, and of our roles each time. */
async function judge(
  answers: Readonly<Record<string, Answer>>,
  ...roles: readonly (readonly Role[] | undefined | Error)[]
) {
  const asked: string[] = [];
  let readings = 0;
  const { gone, found, doubt } = await judgeAbsence(Object.keys(answers), {
    findRequest: (id) => {
      asked.push(id);
      return Promise.resolve(answers[id]);
    },
    currentRoles: () => {
      const answer = roles[Math.min(readings++, roles.length - 1)];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  }, new AbortController().signal);
  return { asked, gone: [...gone], found: found.map(({ id }) => id), doubt: doubt?.kind };
}

const HERE: AccessRequest = aRequest({ id: "here" });

Deno.test("judgeAbsence() takes for gone what the server does not find, if the roles grant everything", async () => {
  const verdict = await judge({ here: HERE, r1: "absent" }, [LISTING_ROLE]);
  assert.deepEqual(verdict, {
    asked: ["here", "r1"],
    gone: ["r1"],
    found: ["here"],
    doubt: undefined,
  });
});

Deno.test("judgeAbsence() asks about no request where the roles deny the listing", async () => {
  const verdict = await judge({ r1: "absent" }, [NARROW]);
  assert.deepEqual(verdict, { asked: [], gone: [], found: [], doubt: "denied" });
});

Deno.test("judgeAbsence() takes nothing for gone when a role was narrowed meanwhile", async () => {
  const { gone, doubt } = await judge({ r1: "absent" }, [LISTING_ROLE], [NARROW]);
  assert.deepEqual([gone, doubt], [[], "denied"]);
});

Deno.test("judgeAbsence() takes nothing for gone where the roles do not tell, or cannot be read", async () => {
  const denied = new ClusterError("denied", "access denied");
  for (const roles of [[CONDITIONAL], undefined, denied]) {
    const { gone, found, doubt } = await judge({ here: HERE, r1: "absent" }, roles);
    assert.deepEqual([gone, found, doubt], [[], ["here"], "uncertain"]);
  }
});

Deno.test("judgeAbsence() takes nothing for gone when the server cannot look requests up", async () => {
  const { gone, found, doubt } = await judge(
    { here: HERE, r1: "absent", r2: undefined },
    [LISTING_ROLE],
  );
  assert.deepEqual([gone, found, doubt], [[], ["here"], "uncertain"]);
});

Deno.test("judgeAbsence() decides nothing while the cluster cannot be reached", async () => {
  const error = new ClusterError("unavailable", "no route to host");
  await assert.rejects(judge({ r1: "absent" }, error), error);
});
