import type { Extension } from '../../core/kernel/extension.ts';
import { hasEnded } from '../../core/session/events/rest.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { changedPathsOf } from './changed-paths.ts';
import { overlapText } from './overlap-text.ts';
import { sessionsMet } from './sessions-met.ts';

/** Which other sessions have changed files that quick work has changed, too: a sentence, or none. Starts no program. */
export async function overlapsOfQuickWork(view: SessionView): Promise<string[]> {
  const { progress, archived, status } = view.state;
  if (progress.way !== 'quick' || archived) return [];
  const own = new Set((await changedPathsOf(view.paths))?.paths);
  const met = own.size === 0 ? [] : await sessionsMet(view, (path) => (own.has(path) ? [0] : []), undefined);
  return overlapText(hasEnded(status.kind) ? 'ended' : 'quick', met);
}

/** For the small program of `status`, which shows no plan. */
export const OVERLAP_OF_QUICK_WORK: Extension = { remarks: overlapsOfQuickWork };
