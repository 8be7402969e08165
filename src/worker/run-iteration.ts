import { writeWhole } from '../base/atomic-file.ts';
import { BASE_ERRORS } from '../base/base-errors.ts';
import { crashPoint } from '../base/fault-points.ts';
import { livenessOf } from '../base/host.ts';
import { PROVIDER_ERRORS } from '../providers/provider-errors.ts';
import { providerNamed } from '../providers/registry.ts';
import type { ChildRecord } from '../providers/run-child.ts';
import { iterationPaths } from '../session/paths.ts';
import type { OpenIteration } from '../session/state.ts';
import { meetRunFolder, removeDraftsOfDead } from './after-child.ts';
import { beginIteration, logPaths } from './begin-iteration.ts';
import { blockedEvent } from './blocked.ts';
import { ChildLog } from './child-log.ts';
import { joinEnvironment } from './children-environment.ts';
import { finishIteration } from './finish-iteration.ts';
import { readEndedByUs } from './iteration-files.ts';
import { keepWork } from './keep-work.ts';
import { gitProgramsChanged } from './look-around.ts';
import { endChildIfUnseen } from './lost-lease.ts';
import { ifTaken, patiently } from './passing-errors.ts';
import { readChildRecord, spawnChild } from './spawn-child.ts';
import { removeStaleLocks } from './stale-locks.ts';
import { endChildTree } from './tree.ts';
import { WATCH_ENDS, type WatchEnd, type Watched, watchChild } from './watch-child.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** Runs one iteration from wherever it stands: a fresh one, or one that an earlier worker left open. */
export async function runIteration(worker: Worker): Promise<void> {
  const left = stateOf(worker).openIteration;
  const open = left ?? (await beginIteration(worker));
  const recorded = left && (await readChildRecord(worker, open.iteration));
  // A record that was taken away must not let a second child run beside the first.
  if (left && !recorded) await endChildTree(worker, undefined, { leftoversOnly: true });
  const child = recorded ?? (await startOrFinish(worker, open));
  if (child === undefined) return;
  const isOurs = recorded === undefined;
  const wasSeen = isOurs || (await livenessOf(worker.host, child.wrapper)) === 'alive';
  try {
    await watchAndFinish(worker, open, { child, isOurs, wasSeen });
  } catch (error) {
    if (BASE_ERRORS.lease_lost.is(error)) await endChildIfUnseen(worker, open, child);
    throw error;
  }
}

async function watchAndFinish(
  worker: Worker,
  open: OpenIteration,
  { child, isOurs, wasSeen }: { child: ChildRecord; isOurs: boolean; wasSeen: boolean },
): Promise<void> {
  using log = new ChildLog(logPaths(worker, open).stdout, providerNamed(open.provider));
  const { known, ...watched } = await watchChild(worker, open, child, log);
  // A child may have come and gone between two looks: its group is known by the wrapper that leads it. The group
  // of a wrapper that this worker never saw alive may be that of strangers, who were given the number since.
  const seen = wasSeen ? [child.wrapper, ...known] : known;
  await endAndFinish(worker, open, { child, log, isOurs, ...watched, known: seen });
}

async function startOrFinish(worker: Worker, open: OpenIteration): Promise<ChildRecord | undefined> {
  await joinEnvironment(worker);
  try {
    return await spawnChild(worker, open);
  } catch (error) {
    if (!PROVIDER_ERRORS.child_not_started.is(error)) throw error;
    await finishIteration(worker, open, { end: 'not_started', awakeMs: 0, problem: error.why });
    return undefined;
  }
}

async function endAndFinish(
  worker: Worker,
  open: OpenIteration,
  watched: Watched & { child: ChildRecord; log: ChildLog; isOurs: boolean },
): Promise<void> {
  const { child, log, known, awakeMs, isOurs } = watched;
  // On disk before the first signal is sent: exit status 143 alone could mean three things.
  // A child that fills the disk is one that must be ended: then why stands in memory until the disk takes it.
  const isNoted = watched.end === 'exited' || (await ifTaken(noteEnd(worker, open, watched.end))) === true;
  if (watched.end !== 'exited') await keepLivingWork(worker, open);
  crashPoint('before-end-tree');
  const end = watched.end === 'exited' && !isOurs ? await endBefore(worker, open) : watched.end;
  const ending = () => endChildTree(worker, child, { leftoversOnly: end === 'exited', known });
  const tree = await patiently(worker.clock, 'the child is not ended', ending);
  // All has been done to end the child: from here on a disk may be waited for.
  const wait = <T>(act: () => Promise<T>) => patiently(worker.clock, 'files not written', act);
  if (!isNoted) await wait(() => noteEnd(worker, open, end));
  if (tree.kind === 'immortal') {
    await blockImmortal(worker, tree.pids);
    return;
  }
  crashPoint('after-end-tree');
  const runFolder = await wait(() => meetRunFolder(worker, open));
  await removeStaleLocks(worker);
  removeDraftsOfDead(worker);
  log.readToEnd();
  await finishIteration(worker, open, { end, awakeMs, child, log, runFolder });
}

/** The child still runs: what it has planted until now is neutralised first. */
async function keepLivingWork(worker: Worker, { iteration }: OpenIteration): Promise<void> {
  // It must be ended whatever else fails.
  await ifTaken(gitProgramsChanged(worker));
  await keepWork(worker, { kind: 'before_kill', iteration });
}

async function noteEnd(worker: Worker, { iteration }: OpenIteration, end: WatchEnd): Promise<true> {
  await writeWhole(iterationPaths(worker.paths, iteration).endedByUs, `${end}\n`);
  return true;
}

/** Why the worker before this one was ending the child, if it was: the child may have written it itself. */
async function endBefore(worker: Worker, open: OpenIteration): Promise<WatchEnd> {
  const written = await readEndedByUs(worker, open);
  const end = WATCH_ENDS.find((known) => known === written) ?? 'exited';
  return end === 'stop' && stateOf(worker).stopWanted?.when !== 'now' ? 'exited' : end;
}

async function blockImmortal(worker: Worker, pids: readonly number[]): Promise<void> {
  const { phase } = stateOf(worker).progress;
  const reason = `Processes of the child could not be ended: ${pids.join(', ')}. End them, then resume the session.`;
  await record(worker, blockedEvent({ phase, reason, needs: 'error_resolution', rule: 'child_immortal' }));
}
