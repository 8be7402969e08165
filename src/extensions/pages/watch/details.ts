import { join } from 'node:path';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { identityAt } from '../../../core/kernel/files/path-stats.ts';
import type { WatchedDetails } from './watch-model.ts';

/** The details that are read for the selected session, in addition to its row. */
export const DETAILS = ['commits', 'tail'] as const;
export type Detail = (typeof DETAILS)[number];

/** More than a screen shows. */
const TAIL_LINES = 60;
const TAIL_BYTES = 32 * 1024;
const DETAIL_COMMITS = 3;

/**
 * Changes when there may be something new to read. A branch may move without a trace in the session's files, so
 * commits are read again every 15 s while an agent runs.
 */
export function detailStamp(what: Detail, { view }: ShownSession, nowMs: number): string {
  const { paths, state } = view;
  const { openIteration: open, n } = state;
  if (what === 'commits') return `${n} ${open === undefined ? 0 : Math.floor(nowMs / 15_000)}`;
  return `${n} ${identityAt(open === undefined ? paths.sessionLog : join(paths.logs, open.log))}`;
}

/** Omits details that cannot be read, because the row shows what is wrong with the session. */
export async function readDetail(
  what: Detail,
  session: ShownSession,
  context: ActionContext,
): Promise<Omit<WatchedDetails, 'key'>> {
  try {
    return await READERS[what](session, context);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return {};
  }
}

type Reader = (session: ShownSession, context: ActionContext) => Promise<Omit<WatchedDetails, 'key'>>;

const READERS: Readonly<Record<Detail, Reader>> = {
  async commits({ view }, context) {
    const { recentCommits } = await import('../../../core/acts/reading/read-changes.act.ts');
    const { commits, total } = await recentCommits(view, DETAIL_COMMITS, context);
    return { commits, totalCommits: total };
  },
  async tail({ view, projectDir }, context) {
    const question = { session: view.folder, projectDir };
    if (view.state.openIteration === undefined) {
      const { readLogTail } = await import('../../../core/acts/reading/read-log.act.ts');
      return { tail: (await readLogTail({ ...question, lines: TAIL_LINES }, context)).lines };
    }
    const { readTranscript } = await import('../../../core/acts/reading/read-transcript.act.ts');
    const { lines } = await readTranscript({ ...question, from: -TAIL_BYTES }, context);
    return { tail: lines.slice(-TAIL_LINES) };
  },
};
