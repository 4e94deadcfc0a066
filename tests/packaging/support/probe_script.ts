/** A script in the place of the program: it tries what the program must not do, and says how that went. */

import { createServer } from "node:net";

/** What is tried, by name; `dir` exists and may be written by the user. */
type Attempts = Readonly<Record<string, (dir: string) => unknown>>;

const FORBIDDEN: Attempts = {
  "run a program": () => new Deno.Command("true").output(),
  "run a program by its path": () => new Deno.Command("/bin/true").output(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "write a file": (dir) => Deno.writeTextFile(`${dir}/file`, "text"),
  "make a folder": (dir) => Deno.mkdir(`${dir}/folder`),
  "make a link": (dir) => Deno.symlink("/etc/passwd", `${dir}/link`),
  "remove a file": (dir) => Deno.remove(`${dir}/kept`),
  "change a mode": (dir) => Deno.chmod(`${dir}/kept`, 0o777),
  "write beside the log folder": () => Deno.writeTextFile("/var/logs", "text"),
  "write out of the log folder": () => Deno.writeTextFile("/var/log/../teleport-email-test", "x"),
  "read an unlisted variable": () => Deno.env.get("PATH"),
  "list all variables": () => Deno.env.toObject(),
  "set a variable": () => Deno.env.set("LD_PRELOAD", "/x.so"),
  "ask for the host's name": () => Deno.hostname(),
  "ask for the network's interfaces": () => Deno.networkInterfaces(),
  "ask for the user's number": () => Deno.uid(),
  "ask for the memory": () => Deno.systemMemoryInfo(),
  // Deno always allows this host.
  "load code from the network": () => import(new URL("https://deno.land/x/module.js").href),
};

const ALLOWED: Attempts = {
  "read a file": () => Deno.readTextFile("/etc/passwd"),
  "read a listed variable": () => Deno.env.get("NO_COLOR"),
  "listen on a port": async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    server.close();
  },
};

async function outcomes(attempts: Attempts, dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(dir);
      found[name] = "allowed";
    } catch (error) {
      found[name] = String(error);
    }
  }
  return found;
}

async function tryAll(dir: string) {
  return {
    forbidden: await outcomes(FORBIDDEN, dir),
    allowed: await outcomes(ALLOWED, dir),
  };
}

// deno-lint-ignore no-console -- the test reads it
tryAll(Deno.args[0] ?? "").then((result) => console.log(JSON.stringify(result)));
