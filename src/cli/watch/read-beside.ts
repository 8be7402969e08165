import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { ShownSession } from '../../actions/waiting/watch-sessions.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { identityAt } from '../../base/files/look-at.ts';
import type { WatchedDetails } from './watch-model.ts';

/** What is read of the selected session beside the list. */
export const BESIDE = ['commits', 'tail'] as const;
export type Beside = (typeof BESIDE)[number];

/** More than a screen shows of it, and about as many bytes of what an agent printed. */
const TAIL_LINES = 60;
const TAIL_BYTES = 32 * 1024;
const DETAIL_COMMITS = 3;

/**
 * Tells when there may be something new to read. A branch may move without a sign in the session's files, so what git
 * says gets older by itself while an agent works.
 */
export function besideStamp(what: Beside, { view }: ShownSession, nowMs: number): string {
  const { paths, state } = view;
  const { openIteration: open, n } = state;
  if (what === 'commits') return `${n} ${open === undefined ? 0 : Math.floor(nowMs / 15_000)}`;
  return `${n} ${identityAt(open === undefined ? paths.sessionLog : join(paths.logs, open.log))}`;
}

/** What cannot be read is left out: the row says what is wrong with a session. */
export async function readBeside(
  what: Beside,
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

const READERS: Readonly<Record<Beside, Reader>> = {
  async commits({ view }, context) {
    const { recentCommits } = await import('../../actions/reading/read-changes.ts');
    const { commits, total } = await recentCommits(view, DETAIL_COMMITS, context);
    return { commits, totalCommits: total };
  },
  async tail({ view, projectDir }, context) {
    const question = { session: view.folder, projectDir };
    if (view.state.openIteration === undefined) {
      const { readLogTail } = await import('../../actions/reading/read-log.ts');
      return { tail: (await readLogTail({ ...question, lines: TAIL_LINES }, context)).lines };
    }
    const { readTranscript } = await import('../../actions/reading/read-transcript.ts');
    const { lines } = await readTranscript({ ...question, from: -TAIL_BYTES }, context);
    return { tail: lines.slice(-TAIL_LINES) };
  },
};
