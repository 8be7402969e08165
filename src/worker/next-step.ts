import { checkLimit } from '../phases/decide.ts';
import { isJustAdopted } from './adopted-gate.ts';
import { backOff } from './back-off.ts';
import { blockedEvent } from './blocked.ts';
import { withinBudget } from './budget.ts';
import { joinEnvironment } from './children-environment.ts';
import { gitStands } from './git-stands.ts';
import { guardStands, SANDBOX_LOWER } from './guard-stands.ts';
import { idle } from './idle.ts';
import { accountIsFree } from './limit-end.ts';
import { obeyPhaseLine } from './obey-phase-line.ts';
import { performRewind } from './perform-rewind.ts';
import { prepare } from './prepare.ts';
import { runIteration } from './run-iteration.ts';
import { samePayer } from './same-payer.ts';
import { stoppedEvent } from './stopped.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { worktreeStands } from './worktree-stands.ts';

const QUEUE_POLL_MS = 500;
const NEED_ANOTHER_ENVIRONMENT = new Set([
  ...['credentials_changed', 'checks', 'setup_not_found', 'guard_failed'],
  SANDBOX_LOWER,
]);
const PARKED_AWAY = 'parked for a day; it comes back when something happens';

/** Does the one thing that the state asks for next. @returns why the worker leaves; undefined: there is more to do */
export async function nextStep(worker: Worker): Promise<string | undefined> {
  const state = stateOf(worker);
  const { status, stopWanted } = state;
  if (state.rewind !== undefined) {
    await performRewind(worker);
    return undefined;
  }
  switch (status.kind) {
    case 'starting':
      if (state.createdAt === undefined) return 'nothing was asked for';
      await prepare(worker);
      return undefined;
    case 'running':
      // One that waited at the gate where it was taken over has no worktree yet.
      if (!state.prepared || isJustAdopted(worker)) {
        await prepare(worker);
        return undefined;
      }
      if (state.openIteration !== undefined) {
        // Its place went with the worker that began it, or with a block; its child may run, so none is waited for.
        await worker.slots.take().catch(() => false);
        await runIteration(worker);
        return undefined;
      }
      // Not before a child that lives is watched: what needs the environment waits for it there.
      await joinEnvironment(worker);
      if (stopWanted !== undefined) {
        await record(worker, stoppedEvent(stopWanted.by));
      } else if (!state.runWanted && state.progress.totalIterations === 0) {
        await record(worker, { type: 'stopped', by: { channel: 'settings' }, why: 'started without a run' });
      } else {
        await nextIteration(worker);
      }
      return undefined;
    case 'queued':
      if (await worker.slots.take()) await record(worker, { type: 'went_on', why: 'slot_free' });
      else await worker.clock.sleep(QUEUE_POLL_MS);
      return undefined;
    case 'waiting':
    case 'limited':
      await worker.slots.leave();
      if (stopWanted !== undefined) {
        await record(worker, stoppedEvent(stopWanted.by));
        return undefined;
      }
      return (await idle(worker)) ? undefined : PARKED_AWAY;
    case 'blocked':
      await worker.slots.leave();
      // Whoever resumes it starts a worker of their own, with the environment that they mean.
      if (state.openIteration === undefined && NEED_ANOTHER_ENVIRONMENT.has(status.rule))
        return 'another environment is needed';
      return (await idle(worker)) ? undefined : PARKED_AWAY;
    case 'stopped':
      return 'stopped';
    case 'done':
      return 'done';
    default:
      return status satisfies never;
  }
}

async function nextIteration(worker: Worker): Promise<void> {
  if (await obeyPhaseLine(worker)) return;
  const limit = checkLimit(stateOf(worker).progress);
  if (limit !== undefined) {
    await record(worker, blockedEvent(limit));
    return;
  }
  if (!(await samePayer(worker))) return;
  if (!(await guardStands(worker))) return;
  if (!(await gitStands(worker))) return;
  if (!(await withinBudget(worker))) return;
  if (!(await accountIsFree(worker))) return;
  if (!(await worktreeStands(worker))) return;
  if (!(await worker.slots.take())) {
    const reason = `all ${worker.file.settings.maxParallel} places of MAX_PARALLEL are taken`;
    await record(worker, { type: 'queued', reason });
    return;
  }
  if (!(await backOff(worker))) return;
  // The limit of an account may have ended since the first look: then another provider starts.
  if (await samePayer(worker)) await runIteration(worker);
}
