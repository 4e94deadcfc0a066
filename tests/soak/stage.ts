/** Where a soak takes place: a cluster with every connection method, a mail server, three replicas. */

import { type Balancer, startBalancer } from "../../sim/proxy/balancer.ts";
import { type Playground, startPlayground } from "../../sim/playground/playground.ts";
import { Excuses } from "./excuses.ts";
import { ROLE_TO_RECIPIENTS } from "./people.ts";
import { Replica } from "./replica.ts";

export interface SoakStage extends AsyncDisposable {
  readonly playground: Playground;
  readonly balancer: Balancer;
  /** One by each way: through the proxy, the SSH tunnel and the balancer. */
  readonly replicas: readonly [Replica, Replica, Replica];
  readonly excuses: Excuses;
  readonly identity: IdentityFile;
}

/** Certificates are short, so that they have to be renewed several times. */
const IDENTITY_TTL_MS = 60_000;
const RENEW_EVERY_MS = 12_000;

/** The identity file and its renewal, as by `tbot`. */
export class IdentityFile implements Disposable {
  /** Whether a fault is using the file: then it is not renewed. */
  isTaken = false;
  renewals = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(private readonly playground: Playground) {
    this.#timer = setInterval(() => this.isTaken || this.renew(), RENEW_EVERY_MS);
  }

  get path(): string {
    return this.playground.paths.identity;
  }

  async renew(): Promise<void> {
    this.renewals++;
    await this.playground.renew();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Starts everything and waits until all replicas are ready. `onLine` gets what they log. */
export async function startStage(
  dir: string,
  onLine: (replica: string, line: string) => void,
): Promise<SoakStage> {
  await using stack = new AsyncDisposableStack();
  const playground = stack.use(
    await startPlayground({
      dir,
      roleToRecipients: ROLE_TO_RECIPIENTS,
      identity: { ttlMs: IDENTITY_TTL_MS },
    }),
  );
  playground.auth.disconnectExpired = true;
  const balancer = stack.use(await startBalancer(playground.pki, playground.proxy.address));
  const identity = stack.use(new IdentityFile(playground));
  const start = async (name: string, target: string) => {
    const place = { name, target, playground, dir };
    return stack.use(await Replica.start(place, (line) => onLine(name, line)));
  };
  const replicas = [
    await start("direct", playground.proxy.address),
    await start("ssh", playground.ssh.address),
    await start("upgrade", balancer.address),
  ] as const;
  for (const replica of replicas) await replica.ready();
  const owned = stack.move();
  return {
    playground,
    balancer,
    replicas,
    excuses: new Excuses(),
    identity,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
