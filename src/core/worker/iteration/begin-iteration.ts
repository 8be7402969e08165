import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { credentialNames } from '../../agents/registry.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { logFileName } from '../../session/documents/documents.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { budgetVerdict, WRAP_UP_LIMIT_MS } from '../limits/budget.ts';
import { chooseAgent } from '../limits/choose-agent.ts';
import { assemblePrompt } from '../prompt/assemble.ts';
import { promptState } from '../prompt/prompt-state.ts';
import { deliverMessages } from '../recording/messages.ts';

/**
 * Prepares an agent and records its start: the first of an iteration's two commit points. A crash before the commit
 * leaves nothing that counts; after a later crash the next worker continues this iteration.
 */
export async function beginIteration(worker: Worker): Promise<OpenIteration> {
  const { clock, paths } = worker;
  const { progress, messages } = stateOf(worker);
  const { phase } = progress;
  const iteration = progress.totalIterations + 1;
  const { provider, model } = await chooseAgent(worker, phase);
  const files = iterationPaths(paths, iteration);
  const wrapUp = budgetVerdict(worker).kind === 'wrap_up';
  ensurePlainFolder(paths.iterations);
  // Files left by a crash before the commit would be mistaken for this agent's.
  rmSync(files.dir, { recursive: true, force: true });
  mkdirSync(files.dir, { recursive: true });
  const messageFiles = await deliverMessages(worker, messages.waiting);
  const now = clock.now();
  const timeLimitMs = timeLimitOf(worker, provider.name, wrapUp);
  const facts = { iteration, phase, provider: provider.name, timeLimitMs, now, messageFiles, wrapUp };
  await writeWhole(files.prompt, assemblePrompt(await promptState(worker, facts)));
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
      credentials: credentialNames(provider.name, worker.env),
      sandbox: await worker.guard.level(worker),
    },
  );
  crashPoint('after-iteration-started');
  const open = stateOf(worker).openIteration;
  if (open === undefined) throw new Error('The iteration_started event opened no iteration.');
  return open;
}

function timeLimitOf({ file }: Worker, provider: string, wrapUp: boolean): number {
  const { timeLimitMs, timeLimitsMs } = file.settings;
  const limitMs = timeLimitsMs[provider] ?? timeLimitMs;
  return wrapUp ? Math.min(limitMs, WRAP_UP_LIMIT_MS) : limitMs;
}
