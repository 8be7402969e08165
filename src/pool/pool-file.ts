import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { configFolder } from '../base/config-folder.ts';
import { ifExists } from '../base/errors.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { parseJson } from '../base/parse-json.ts';
import { MEMBERSHIP_ERRORS } from './membership-errors.ts';

/** One project of this machine in a pool. */
export const Membership = z.strictObject({
  /** The root commit of its repository. */
  project: z.string(),
  /** The path of its `.samocode`. */
  config: z.string(),
  remote: z.string(),
  /** Of the pool's refs on the remote. */
  prefix: z.string(),
  /** The address of its PostgreSQL; without one the remote is the board too. */
  database: z.string().optional(),
  /** How many sessions at once; default: MAX_PARALLEL of the project, else two. */
  slots: z.int().positive().optional(),
  /** `samocode pool leave` was called: nothing is claimed, and what is held is given back at its next rest. */
  leaving: z.literal(true).optional(),
});
export type Membership = z.infer<typeof Membership>;

const PoolFile = z.strictObject({
  v: z.literal(1),
  host: z.strictObject({ id: z.string(), name: z.string() }),
  pools: z.array(Membership),
});
export type PoolFile = z.infer<typeof PoolFile>;

/** Read by every face before it knows whether there is a pool at all, so nothing else of this room is loaded for it. */
export function poolFilePath(home: string): string {
  return join(configFolder(home), 'pool.json');
}

/** @returns undefined on a machine that is in no pool @throws pool_file */
export async function readPoolFile(home: string): Promise<PoolFile | undefined> {
  const path = poolFilePath(home);
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const file = PoolFile.safeParse(parseJson(text));
  if (!file.success) throw MEMBERSHIP_ERRORS.pool_file({ path });
  return file.data;
}

/** Writes the file, readable by its owner alone: a database's address may carry a password. */
export async function changePoolFile(home: string, change: (file: PoolFile) => PoolFile): Promise<PoolFile> {
  const path = poolFilePath(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const host = { id: randomBytes(8).toString('hex'), name: hostname() };
  const file = change((await readPoolFile(home)) ?? { v: 1, host, pools: [] });
  await writeWhole(path, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  return file;
}
