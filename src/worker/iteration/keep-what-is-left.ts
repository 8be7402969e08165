import type { SignalReading } from '../../session/documents/signal.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { Worker } from '../core/worker.ts';
import { type Breach, breachOf, gitProgramsChanged } from '../guarding/changes-by-agent.ts';
import { documentsPrint, mainCheckoutNow, type Snapshot } from '../guarding/snapshot.ts';
import { bringWorktreeBack } from '../guarding/worktree-stands.ts';
import { type KeptWork, keepWorkAfter } from '../recording/keep-work.ts';
import { type OverviewEnd, repairOverview } from '../recording/repair-overview.ts';
import type { ChildEnded } from './how-it-ended.ts';
import { keepSignal } from './kept-signal.ts';

/** What a child left, once it is kept and what it may not change is restored. */
export interface LeftByChild {
  /** What it did that no child may do: then nothing that it signalled counts. */
  breach: Breach | undefined;
  signal: SignalReading;
  overview: OverviewEnd;
  kept: KeptWork;
  repairs: NewEvent[];
  after: Snapshot;
}

/** Keeps the signal and the work of a child whose whole tree is gone; all of it can be done again after a crash. */
export async function keepWhatIsLeft(
  worker: Worker,
  open: OpenIteration,
  ended: ChildEnded,
): Promise<LeftByChild> {
  const gitPrograms = await gitProgramsChanged(worker);
  const breach = breachOf(open, { runFolder: ended.runFolder, gitPrograms, afterChild: true });
  const signal: SignalReading = breach
    ? { kind: 'missing' }
    : await keepSignal(worker, open, ended.log?.final?.signalText);
  const overview = await repairOverview(worker, open);
  const repairs = await bringWorktreeBack(worker).catch(() => []);
  // Side by side: each is a start of git or two.
  const keeping = keepWorkAfter(worker, open.iteration);
  const mainCheckout = await mainCheckoutNow(worker);
  const kept = await keeping;
  const after = { worktree: kept.worktree, mainCheckout, documents: documentsPrint(worker) };
  return { breach, signal, overview, kept, repairs, after };
}
