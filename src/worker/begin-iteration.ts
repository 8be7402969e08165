import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePlainFolder } from '../base/append-lines.ts';
import { writeLightly, writeWhole } from '../base/atomic-file.ts';
import { crashPoint } from '../base/fault-points.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { putAside } from '../base/put-aside.ts';
import { stampsAt } from '../base/stamps.ts';
import { START } from '../project/checkpoint-refs.ts';
import { credentialNames } from '../providers/credentials.ts';
import { logFileName, stderrFileName } from '../session/documents.ts';
import { iterationPaths, MAX_OVERVIEW_BYTES } from '../session/paths.ts';
import { BLANK_SIGNAL, MAX_SIGNAL_BYTES } from '../session/signal.ts';
import type { OpenIteration } from '../session/state.ts';
import { budgetVerdict, wrapUpTimeLimit } from './budget.ts';
import { buildPrompt } from './build-prompt.ts';
import { chooseChild } from './choose-child.ts';
import { keepWork, notKept } from './keep-work.ts';
import { freshLook, type Seen } from './last-look.ts';
import { deliverMessages } from './messages.ts';
import { keepRunFolder } from './run-folder.ts';
import { documentsPrint, lookAtMainCheckout, type Snapshot } from './snapshot.ts';
import { record, stateOf, type Worker } from './worker.ts';

/**
 * Makes all that a child needs and commits that it begins: the first of an iteration's two commit points.
 * A crash before it leaves nothing that counts; after it the same iteration is begun again.
 */
export async function beginIteration(worker: Worker): Promise<OpenIteration> {
  const { clock, paths } = worker;
  const { progress, messages } = stateOf(worker);
  const { phase } = progress;
  const iteration = progress.totalIterations + 1;
  const { provider, model } = await chooseChild(worker, phase);
  const files = iterationPaths(paths, iteration);
  const wrapUp = budgetVerdict(worker).kind === 'wrap_up';
  ensurePlainFolder(paths.iterations);
  // Left by a crash before the commit: it would be taken for this child's.
  rmSync(files.dir, { recursive: true, force: true });
  mkdirSync(files.dir, { recursive: true });
  const messageFiles = await deliverMessages(worker, messages.waiting);
  const now = clock.now();
  const timeLimitMs = timeLimitOf(worker, provider.name, wrapUp);
  const facts = { iteration, phase, provider: provider.name, timeLimitMs, now, messageFiles, wrapUp };
  await writeWhole(files.prompt, await buildPrompt(worker, facts));
  crashPoint('before-iteration-started');
  await record(
    worker,
    ...(messages.waiting.length > 0
      ? [{ type: 'messages_delivered' as const, ids: messages.waiting, iteration }]
      : []),
    {
      type: 'iteration_started',
      iteration,
      phase,
      provider: provider.name,
      model,
      log: logFileName(stampsAt(now).file, iteration, phase),
      childUuid: randomUUID(),
      timeLimitMs,
      wrapUp,
      watched: true,
      credentials: credentialNames(provider.name, worker.env),
      sandbox: await worker.guard.level(worker),
    },
  );
  crashPoint('after-iteration-started');
  const open = stateOf(worker).openIteration;
  if (open === undefined) throw new Error('The event of a begun iteration did not open it.');
  return open;
}

function timeLimitOf({ file }: Worker, provider: string, wrapUp: boolean): number {
  const { timeLimitMs, timeLimitsMs = {} } = file.settings;
  const limitMs = timeLimitsMs[provider] ?? timeLimitMs;
  return wrapUp ? wrapUpTimeLimit(limitMs) : limitMs;
}

/** Lays the table for a child that is let go next: blank signal, log folder, and what to compare with when it has ended. */
export async function layOut(worker: Worker, open: OpenIteration): Promise<void> {
  const { paths } = worker;
  const files = iterationPaths(paths, open.iteration);
  ensurePlainFolder(paths.logs);
  if ((await readPlainFile(paths.signal, MAX_SIGNAL_BYTES)).kind === 'unusable') putAside(paths.signal);
  await writeWhole(paths.signal, BLANK_SIGNAL);
  const overview = await readPlainFile(paths.overview, MAX_OVERVIEW_BYTES);
  if (overview.kind === 'bytes') writeLightly(files.overviewBefore, overview.bytes);
  const seen = freshLook(worker) ?? (await lookAround(worker, open));
  const snapshot: Snapshot = { ...seen, documents: documentsPrint(worker) };
  await keepRunFolder(worker, open, (runFolder) =>
    writeWhole(files.before, `${JSON.stringify({ ...snapshot, runFolder })}\n`),
  );
}

/** Keeps what stands there before a child that does not follow at once on another: a person may have been at work. */
async function lookAround(worker: Worker, { iteration }: OpenIteration): Promise<Seen> {
  await worker.git.look(stateOf(worker).worktree?.path);
  const keeping = keepWork(worker, iteration === 1 ? START : { kind: 'before', iteration });
  const mainCheckout = await lookAtMainCheckout(worker);
  const kept = await keeping;
  await record(worker, ...notKept(kept));
  const { worktree } = kept;
  return { worktree, mainCheckout };
}

export function logPaths(worker: Worker, open: OpenIteration): { stdout: string; stderr: string } {
  const stdout = join(worker.paths.logs, open.log);
  return { stdout, stderr: stderrFileName(stdout) };
}
