import assert from "node:assert/strict";
import { readWebRoots } from "./cluster_connections.ts";
import { ClusterError } from "./errors.ts";

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

async function inFile<T>(text: string, test: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readWebRoots() trusts the certificates of the file and no others", async () => {
  const text = `a comment\n${pem("MIIB")}\n\n# another\n${pem("MIIC")}\n`;
  assert.deepEqual(await inFile(text, readWebRoots), [pem("MIIB"), pem("MIIC")]);
});

Deno.test("readWebRoots() refuses a file that contains no certificate or cannot be read", async () => {
  for (const text of ["", "text", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"]) {
    await assert.rejects(
      inFile(text, readWebRoots),
      (error: ClusterError) =>
        error.kind === "credentials" && /contains no PEM certificate$/.test(error.message),
    );
  }
  await assert.rejects(
    readWebRoots("/nonexistent/ca.pem"),
    /^ClusterError: cannot read teleport\.web_root_cas '\/nonexistent\/ca\.pem': no such file/,
  );
});
