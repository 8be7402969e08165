import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { configFolder } from '../../kernel/config-folder.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { accountKey } from '../../sandbox/plan-windows.ts';
import { isBelievable } from '../../session/waits/limit-wait.ts';
import type { Worker } from '../state/worker.ts';

/** The usage limit of one account, shared by all sessions of this machine. Times are milliseconds since the epoch. */
export const SharedLimit = z.object({
  v: z.literal(1),
  until: z.number(),
  guessed: z.boolean(),
  at: z.number(),
});
export type SharedLimit = z.infer<typeof SharedLimit>;

type Machine = Pick<Worker, 'env' | 'clock'>;

/** The current limit of the account that a provider uses here; undefined when none is known. */
export async function readSharedLimit(machine: Machine, provider: string): Promise<SharedLimit | undefined> {
  const path = limitPath(machine, provider);
  const limit = path === undefined ? undefined : await plainJson(path, SharedLimit);
  const now = machine.clock.now();
  return limit !== undefined && limit.until > now && isBelievable(limit, now) ? limit : undefined;
}

/** Shares the limit with every session of the account. Optional: otherwise each session detects it separately. */
export async function shareLimit(
  machine: Machine,
  provider: string,
  { until, guessed }: Pick<SharedLimit, 'until' | 'guessed'>,
): Promise<void> {
  const path = limitPath(machine, provider);
  if (path === undefined) return;
  const limit: SharedLimit = { v: 1, until, guessed, at: machine.clock.now() };
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    await writeWhole(path, `${JSON.stringify(limit)}\n`, { mode: 0o600 });
  } catch {
    // The home folder is read-only or full.
  }
}

/** Called when a person states that the account can be used again: sessions stop waiting. */
export async function liftSharedLimit(machine: Machine, provider: string): Promise<void> {
  if ((await readSharedLimit(machine, provider)) === undefined) return;
  await shareLimit(machine, provider, { until: machine.clock.now(), guessed: false });
}

function limitPath({ env }: Machine, provider: string): string | undefined {
  if (!env.HOME) return undefined;
  return join(configFolder(env.HOME), 'limits', `${accountKey(provider, env)}.json`);
}
