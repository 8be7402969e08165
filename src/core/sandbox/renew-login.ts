import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import type { LoginFile, Provider } from '../agents/contract/provider.ts';
import { BASE_ERRORS } from '../kernel/base-errors.ts';
import type { Clock } from '../kernel/clock.ts';
import { configFolder } from '../kernel/config-folder.ts';
import { definedOnly } from '../kernel/defined-only.ts';
import { writeWhole } from '../kernel/files/atomic-file.ts';
import { fingerprint } from '../kernel/files/fingerprint.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { plainJson, plainText } from '../kernel/files/plain-file.ts';
import { parseJson } from '../kernel/parse-json.ts';
import type { Host } from '../kernel/processes/host.ts';
import { whileHolding } from '../kernel/processes/lease.ts';
import { runCommand } from '../kernel/processes/run-command.ts';
import { stateFolderOf } from './cli-state.ts';
import type { HomePlaces } from './home.ts';

export interface LoginPlan {
  cli: Pick<Provider, 'name' | 'state' | 'leftovers'>;
  path: string;
  home: HomePlaces;
  host: Host;
  clock: Clock;
}

/** Times in milliseconds since the epoch. */
type Need =
  /** Its access token must be valid until then. */
  | { until: number }
  /** It was refused: it must have changed since then. */
  | { changedSince: number };

/** `none`: there is no login file, or samocode can't renew it. */
type Renewal = 'none' | 'fresh' | 'renewed' | 'failed';

/**
 * Renews the person's login if an agent needs that, because its copy can't: outside of the sandbox, in the real state
 * folder, by the CLI itself, whose own lock keeps other processes of the person apart. Of several workers one renews,
 * and the others use its result.
 */
export async function renewLogin(plan: LoginPlan, need: Need): Promise<Renewal> {
  const login = plan.cli.state?.login;
  const folder = stateFolderOf(plan.cli.name, plan.home);
  const renewal = login?.renewal;
  if (login === undefined || renewal === undefined || folder === undefined) return 'none';
  if (renewal.unless.some((name) => plan.home.env[name])) return 'none';
  const path = join(folder, login.file);
  const found = await readLogin(path, login);
  if (found === undefined) return 'none';
  const place = join(configFolder(plan.home.dir), 'logins', fingerprint(found.real).slice(0, 16));
  if (await isEnough(found, need, { place, clock: plan.clock })) return 'fresh';
  const { host, clock } = plan;
  const renewed = whileHolding(
    join(place, 'leases'),
    { host, clock, limitMs: RENEWAL_LIMIT_MS },
    async () => {
      const before = await readLogin(path, login);
      if (before === undefined) return 'none';
      if (await isEnough(before, need, { place, clock: plan.clock })) return 'fresh';
      await letItRenew(plan, renewal, { place, text: before.text });
      const after = await readLogin(path, login);
      if (after === undefined || after.text === before.text) return 'failed';
      const note: Renewed = { at: plan.clock.now(), endsAt: after.endsAt };
      await writeWhole(join(place, NOTE), JSON.stringify(note), { mode: 0o600 });
      return 'renewed';
    },
  );
  return await renewed.catch((error: unknown) => {
    if (BASE_ERRORS.lease_held.is(error)) return 'failed';
    throw error;
  });
}

interface LoginFound {
  real: string;
  text: string;
  endsAt: number;
  changedAt: number;
}

const MAX_LOGIN_BYTES = 1024 * 1024;

async function readLogin(path: string, { endsAt }: LoginFile): Promise<LoginFound | undefined> {
  const real = realFolder(path);
  if (real === undefined) return undefined;
  const text = (await plainText(real, MAX_LOGIN_BYTES)) ?? '';
  const ends = endsAt?.(parseJson(text));
  const stats = statsAt(real);
  return ends === undefined || !stats ? undefined : { real, text, endsAt: ends, changedAt: stats.mtimeMs };
}

const Renewed = z.object({ at: z.number(), endsAt: z.number() });
type Renewed = z.infer<typeof Renewed>;
const NOTE = 'renewed.json';

/** A token that samocode itself renewed is used for half of its life, even if the time limit of agents is longer. */
async function isEnough(
  { endsAt, changedAt }: LoginFound,
  need: Need,
  { place, clock }: { place: string; clock: Clock },
): Promise<boolean> {
  if ('changedSince' in need) return changedAt > need.changedSince;
  if (endsAt >= need.until) return true;
  const note = await plainJson(join(place, NOTE), Renewed);
  return note?.endsAt === endsAt && endsAt - clock.now() > (endsAt - note.at) / 2;
}

/** A CLI that was ended while it renews could lose the new token, so this is long. */
const RENEWAL_LIMIT_MS = 120_000;

/**
 * CLIs renew a login shortly before its token ends, or when a service refuses the token. So the CLI is given a service
 * on this machine that refuses the present token: no model is asked, and nothing is paid.
 */
async function letItRenew(
  { cli, path, home }: LoginPlan,
  renewal: NonNullable<LoginFile['renewal']>,
  { place, text }: { place: string; text: string },
): Promise<void> {
  await using service = await refusing(text);
  const { args, env } = renewal.command(service.url);
  // Nothing of a project is read there, and agents can't write to it.
  const cwd = join(place, 'empty');
  makeFolder(cwd, 0o700);
  const inherited = definedOnly(home.env, (name) => !cli.leftovers?.includes(name));
  const direct = [inherited.NO_PROXY ?? inherited.no_proxy, '127.0.0.1'].filter(Boolean).join(',');
  await runCommand(path, args, {
    cwd,
    env: { ...inherited, HOME: home.dir, NO_PROXY: direct, no_proxy: direct, ...env },
    timeoutMs: RENEWAL_LIMIT_MS,
    maxBytes: 1024 * 1024,
  });
}

/** Answers 401 to a token of the login, and 400 to any other: a second renewal would be for nothing. */
async function refusing(login: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /i, '') ?? '';
    request.resume();
    const [status, type] =
      token !== '' && login.includes(token) ? [401, 'authentication_error'] : [400, 'invalid_request_error'];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ type: 'error', error: { type, message: 'This only renews a login.' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
