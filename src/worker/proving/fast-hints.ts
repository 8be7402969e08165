import { capitalised } from '../../base/plain-words.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Worker } from '../core/worker.ts';
import { failureNote } from './check-facts.ts';
import { branchGone } from './false-claims.ts';
import { tryFast } from './prove.ts';

/** What the fast set shows, as notes for the next agent. @returns undefined when it was stopped */
export async function fastHints(
  worker: Worker,
  iteration: number,
): Promise<{ notes: string[]; events: NewEvent[] } | undefined> {
  const gone = await branchGone(worker);
  if (gone !== undefined)
    return { notes: [`${capitalised(gone)}. Create it again at your last commit.`], events: [] };
  const { events, ...fast } = await tryFast(worker, iteration);
  if (fast.kind === 'stopped') return undefined;
  const failed = fast.kind === 'failed' ? fast.failures.map(failureNote) : [];
  return { notes: fast.kind === 'impossible' ? [fast.reason] : failed, events };
}
