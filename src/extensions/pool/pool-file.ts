import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { configFolder } from '../../core/kernel/config-folder.ts';
import { ifExists } from '../../core/kernel/errors.ts';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../core/kernel/files/make-folder.ts';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { whileHolding } from '../../core/kernel/processes/lease.ts';
import { POOL_ERRORS } from './pool-errors.ts';

/** The membership of one of this machine's projects in a pool. */
export const Membership = z.strictObject({
  /** Of a pool of an earlier version. */
  id: z.string().optional(),
  /** The name of this machine, as lists show it. */
  name: z.string(),
  /** The root commit of its repository. */
  project: z.string(),
  /** The path of its `.samocode`. */
  config: z.string(),
  remote: z.string(),
  /** The prefix of the pool's refs on the remote. */
  prefix: z.string(),
  /** The address of the pool's PostgreSQL database. Pools of earlier versions could do without one. */
  database: z.string().optional(),
  /** The login of this machine there, which is what it is in the pool; absent in a pool of an earlier version. */
  login: z.string().optional(),
  /** The number of sessions that may run at once; default: the project's MAX_PARALLEL, or two. */
  slots: z.int().positive().optional(),
  /** Set by `samocode pool leave`: claim no sessions, and give back each held one when it next waits or is done. */
  leaving: z.literal(true).optional(),
});
export type Membership = z.infer<typeof Membership>;
export type Joined = Membership & Required<Pick<Membership, 'database' | 'login'>>;

/** @throws pool_of_before if it is of an earlier version */
export function joinedPool({ database, login, ...membership }: Membership): Joined {
  if (database === undefined || login === undefined) throw POOL_ERRORS.pool_of_before(membership);
  return { ...membership, database, login };
}

const PoolFile = z.strictObject({
  v: z.literal(1),
  pools: z.array(Membership),
});
export type PoolFile = z.infer<typeof PoolFile>;

/** Every entry point reads this file to find out whether there is a pool, so this module imports little. */
export function poolFilePath(home: string): string {
  return join(configFolder(home), 'pool.json');
}

/** @returns undefined if this machine has never joined a pool */
export async function readPoolFile(home: string): Promise<PoolFile | undefined> {
  const path = poolFilePath(home);
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const file = PoolFile.safeParse(parseJson(text));
  if (!file.success) throw POOL_ERRORS.pool_file({ path });
  return file.data;
}

/** Writes the file, readable only by its owner, because it names remotes and databases. Programs take turns. */
export async function changePoolFile(
  { home, host, clock }: Pick<ActionContext, 'home' | 'host' | 'clock'>,
  change: (file: PoolFile) => PoolFile,
): Promise<PoolFile> {
  const path = poolFilePath(home);
  const turn = join(configFolder(home), 'pool', '.turn');
  makeFolder(dirname(turn), 0o700);
  return await whileHolding(turn, { host, clock, limitMs: TURN_LIMIT_MS }, async () => {
    const file = change((await readPoolFile(home)) ?? { v: 1, pools: [] });
    await writeWhole(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    return file;
  });
}

/** How long a program waits for its turn: another one writes one file meanwhile. */
const TURN_LIMIT_MS = 10_000;
