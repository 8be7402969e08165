import { copyFile, readdir, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { ifExists } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { baseChecksOf, ChecksRan, outputsOf, type Proving } from '../../kernel/phases/proving.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { acquireLease, type OwnedLease } from '../../kernel/processes/lease.ts';
import { removeTree } from '../git/remove-tree.ts';
import { checksRoot } from '../worktrees/checks-root.ts';

export interface BaseRun {
  mainRepo: string;
  worktreesDir: string;
  commit: string;
  commands: readonly string[];
  proving: Proving;
  sandbox: ChecksRan['sandbox'];
  /** PATH: another version of a program can give another result. */
  path: string;
  /** Names of variables that the sandbox admits. */
  admitted: readonly string[];
  outputDir: string;
  signal: AbortSignal;
  /** Called if another session runs them. */
  waits: () => void;
}

/** Entries to keep; each can have several megabytes of output. */
const MAX_ENTRIES = 12;
const RESULT = 'result.json';
/** In a folder of clones. */
export const BASE_RESULTS = '.base';
const POLL_MS = 200;

/**
 * The folder with the results of checks on base commits, shared by all sessions with their worktrees here;
 * read-only for agents in the guard.
 */
export function baseResultsDir(worktreesDir: string): string {
  return join(checksRoot(worktreesDir), BASE_RESULTS);
}

/**
 * The result of the checks on a base commit: from an earlier session that saw them pass, or from this run. If several
 * sessions begin together, one runs the checks and the others wait for it. A failure counts for those alone: the same
 * commit can pass later, when a server is up again or a flaky test happens to pass.
 * @param runNow runs the checks; returns undefined if nothing is known about the base
 */
export async function onceForBase(
  run: BaseRun,
  { host, clock }: { host: Host; clock: Clock },
  runNow: () => Promise<ChecksRan | undefined>,
): Promise<ChecksRan | undefined> {
  const dir = baseResultsDir(run.worktreesDir);
  const entry = join(dir, keyOf(run));
  const askedAt = isoUtc(clock.now());
  await using _turn = await turnAt(join(entry, 'leases'), { host, clock, ...run });
  const kept = await keptResult(entry, { outputDir: run.outputDir, askedAt }, clock);
  if (kept !== undefined) return kept;
  const result = await runNow();
  // Not kept: a repair outside the repository would not change the key.
  if (result === undefined || baseChecksOf(result).result === 'unrunnable') return result;
  const at = isoUtc(clock.now());
  // If this fails, the next session only has to run the checks again.
  await keep(entry, { ...result, ranAt: at }, run.outputDir).catch(() => undefined);
  await dropOldest(dir);
  return result;
}

function keyOf({ mainRepo, commit, commands, proving, sandbox, path, admitted }: BaseRun): string {
  const { setup, fast: _fast, files: _files, ...place } = proving;
  const copied = proving.copy.map((name) => {
    const { size, mtimeMs } = statsAt(join(mainRepo, name)) ?? {};
    return [name, size, mtimeMs];
  });
  const parts = ['fresh', commit, commands, setup, place, copied, sandbox, path, admitted];
  return fingerprint(JSON.stringify(parts)).slice(0, 32);
}

/**
 * @returns undefined if a program on another machine or in another container holds it, because its end cannot be
 * detected from here
 */
async function turnAt(
  leases: string,
  { host, clock, signal, waits }: { host: Host; clock: Clock } & Pick<BaseRun, 'signal' | 'waits'>,
): Promise<OwnedLease | undefined> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await acquireLease(leases, { host, clock });
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
      if (!error.args.isHere) return undefined;
    }
    waits();
    await clock.sleep(POLL_MS, signal);
  }
}

async function keptResult(
  entry: string,
  { outputDir, askedAt }: { outputDir: string; askedAt: string },
  clock: Pick<Clock, 'now'>,
): Promise<ChecksRan | undefined> {
  const kept = await plainJson(join(entry, RESULT), ChecksRan);
  if (kept?.ranAt === undefined) return undefined;
  if (baseChecksOf(kept).result !== 'green' && kept.ranAt < askedAt) return undefined;
  makeFolder(outputDir);
  try {
    for (const output of outputsOf(kept.runs))
      await copyFile(join(entry, basename(output)), join(outputDir, basename(output)));
  } catch {
    return undefined;
  }
  const now = clock.now() / 1000;
  await utimes(entry, now, now).catch(() => undefined);
  return kept;
}

async function keep(entry: string, result: ChecksRan, outputDir: string): Promise<void> {
  for (const output of outputsOf(result.runs))
    await copyFile(join(outputDir, basename(output)), join(entry, basename(output)));
  await writeWhole(join(entry, RESULT), JSON.stringify(result));
}

/** Deletes the least recently used entries. */
async function dropOldest(dir: string): Promise<void> {
  const names = (await ifExists(readdir(dir))) ?? [];
  const aged = names.map((name) => ({ name, usedAt: statsAt(join(dir, name))?.mtimeMs ?? 0 }));
  aged.sort((one, other) => other.usedAt - one.usedAt);
  for (const { name } of aged.slice(MAX_ENTRIES)) await removeTree(join(dir, name));
}
