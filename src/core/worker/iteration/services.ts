import { rmSync } from 'node:fs';
import { isSamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { blockedBy } from '../core/blocked.ts';
import { stopEvents } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { servicesFailed } from '../core/worker-application.ts';

/** Starts the services before the prompt is made, which names what failed. @returns false if a stop interrupted it */
export async function servicesStarted(worker: Worker): Promise<boolean> {
  const { phase } = stateOf(worker).progress;
  try {
    const end = await whileTakingCommands(worker, (signal) =>
      worker.application.start(worker, phase, { signal }),
    );
    if (end.kind === 'stopped') await record(worker, ...stopEvents(worker));
    else await record(worker, ...servicesFailed(worker, end.value));
    return end.kind === 'done';
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    await record(worker, blockedBy(error, phase));
    return false;
  }
}

/** For an agent of an earlier worker, which has lost its services with that one. */
export function servicesBeside(worker: Worker): void {
  const { openIteration } = stateOf(worker);
  if (openIteration) worker.application.startBeside(worker, openIteration.phase);
}

export function restartIfAsked(worker: Worker, phase: Phase): void {
  const { restartServices } = worker.paths;
  if (statsAt(restartServices) === undefined) return;
  rmSync(restartServices, { recursive: true, force: true });
  worker.application.startBeside(worker, phase);
}

/** Once the agent has ended; what ended before it is for the next one. */
export async function endServices(worker: Worker): Promise<void> {
  const ended = await worker.application.end();
  if (ended.length > 0) await record(worker, ...servicesFailed(worker, [], ended));
}
