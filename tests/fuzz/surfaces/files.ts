/** What is read and not dialed: identity files, and plugin data that others have written. */

import assert from "node:assert/strict";
import { identityFileText, issueIdentity } from "../../../sim/pki/identity.ts";
import { readSshUser } from "../../../src/teleport/dial/ssh/user.ts";
import { pki } from "../../../src/teleport/dial/testing/tunnel.ts";
import { loadCredentials } from "../../../src/teleport/credentials.ts";
import { ClusterError } from "../../../src/teleport/errors.ts";
import {
  decodeRecord,
  encodeRecord,
  type RawRecord,
  RECORD_KEYS,
} from "../../../src/requests/record/record.ts";
import { aRecord, owed } from "../../../src/requests/testing/fixtures.ts";
import { NOW_MS } from "../../../src/testing/fake_clock.ts";
import type { Random } from "../../simulation/random.ts";
import { distortText } from "../distortion.ts";
import type { Surface } from "../surface.ts";

export const identityFiles: Surface = {
  name: "identity files",
  open: async () => {
    const text = identityFileText(await issueIdentity(pki));
    const path = await Deno.makeTempFile();
    return {
      feed: async (random) => {
        await Deno.writeTextFile(path, distortText(random, text));
        try {
          const credentials = await loadCredentials({ kind: "identity", path }, Date.now());
          if (credentials.ssh !== undefined) readSshUser(credentials, Date.now());
          return "ok";
        } catch (error) {
          if (error instanceof ClusterError) return error.message;
          throw error;
        }
      },
      [Symbol.asyncDispose]: () => Deno.remove(path),
    };
  },
};

/** A record as the program writes it, with something of everything. */
const RECORD: RawRecord = encodeRecord(aRecord({
  reviewsCount: 2,
  reopened: 1,
  expiresMs: NOW_MS,
  foreignThreads: ["of another program"],
  owed: [owed("new", "bob@example.com"), owed("review", "carol@example.com", 1)],
  owner: { instance: "5a0e5a6e", untilMs: NOW_MS },
  failed: [{ kind: "new", to: "eve@example.com", index: 0, error: "550", atMs: NOW_MS }],
}));

export const pluginData: Surface = {
  name: "plugin data",
  open: () =>
    Promise.resolve({
      feed: (random) => Promise.try(() => readRecord(distortRecord(random))),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

function distortRecord(random: Random): RawRecord {
  const record = new Map(Object.entries(RECORD));
  const valueOf = (key: string) => record.get(key) ?? "";
  for (let faults = random.int(1, 4); faults > 0; faults--) {
    const [key, other] = [random.pick(KEYS), random.pick(KEYS)];
    record.set(key, random.chance(0.1) ? valueOf(other) : distortText(random, valueOf(key)));
    if (random.chance(0.1)) record.set(`foreign ${key}`, valueOf(key));
    if (random.chance(0.02)) record.set(key, JSON.stringify(Array(random.int(1, 5000)).fill(0)));
  }
  return Object.fromEntries(record);
}

const KEYS = [...RECORD_KEYS, "email", "timestamp", "__proto__", "constructor"] as const;

/** Whatever is in a record can be written back, and then stays as it is. */
function readRecord(raw: RawRecord): string {
  const { record, problems } = decodeRecord(raw);
  if (record === undefined) return "ok";
  const written = encodeRecord(record);
  const again = decodeRecord(written);
  if (again.record !== undefined) assert.deepEqual(encodeRecord(again.record), written);
  assert.ok(problems.length <= 11, `${problems.length} lines of the log`);
  for (const problem of problems) assert.ok(problem.length <= 310, problem);
  // valibot's name for a field that is not there, and no value of ours that is missing.
  return problems[0]?.replace("but received undefined", "but received nothing") ?? "ok";
}
