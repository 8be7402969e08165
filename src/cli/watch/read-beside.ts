import { basename, join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { ShownSession } from '../../actions/waiting/watch-sessions.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { identityAt } from '../../base/files/look-at.ts';
import type { Peek, PeekKind, WatchedDetails } from './watch-model.ts';

/** What is read of one session beside the list. */
export type Beside = PeekKind | 'details';

/** The newest lines that can be scrolled to, and about as many bytes of what an agent printed. */
const MOST_LINES = 2000;
const OUTPUT_BYTES = 256 * 1024;
const DIFF_CHARS = 400_000;
const DETAIL_LINES = 60;
const DETAIL_COMMITS = 3;

/**
 * Tells when there may be something new to read. A branch may move without a sign in the session's files, so what git
 * says gets older by itself while an agent works.
 */
export function besideStamp(what: Beside, { view }: ShownSession, nowMs: number): string {
  const { paths, state } = view;
  const { openIteration, n } = state;
  const tick = openIteration === undefined ? 0 : Math.floor(nowMs / 15_000);
  switch (what) {
    case 'output':
      return `${n} ${openIteration ? identityAt(join(paths.logs, openIteration.log)) : ''}`;
    case 'log':
      return identityAt(paths.sessionLog);
    case 'diff':
    case 'details':
      return `${n} ${tick} ${identityAt(paths.sessionLog)}`;
    default:
      return what satisfies never;
  }
}

export async function readDetails(session: ShownSession, context: ActionContext): Promise<WatchedDetails> {
  const [{ recentCommits }, { readLogTail }] = await Promise.all([
    import('../../actions/reading/read-changes.ts'),
    import('../../actions/reading/read-log.ts'),
  ]);
  const [{ commits, total }, { lines }] = await Promise.all([
    recentCommits(session.view, DETAIL_COMMITS, context),
    readLogTail({ ...questionOf(session), lines: DETAIL_LINES }, context),
  ]);
  return { key: session.view.paths.runDir, commits, totalCommits: total, log: lines };
}

/** What a person looks into; an expected failure is shown in its place. */
export async function readPeek(kind: PeekKind, session: ShownSession, context: ActionContext): Promise<Peek> {
  try {
    return await READERS[kind](session, context);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { title: '', lines: [error.what, error.why].filter(Boolean) };
  }
}

type Reader = (session: ShownSession, context: ActionContext) => Promise<Peek>;

const READERS: Readonly<Record<PeekKind, Reader>> = {
  async output(session, context) {
    const { readTranscript } = await import('../../actions/reading/read-transcript.ts');
    const asked = { ...questionOf(session), from: -OUTPUT_BYTES, limit: MOST_LINES };
    const { iteration, phase, provider, lines, isRunning } = await readTranscript(asked, context);
    const title = `iteration ${iteration}, ${phase}, ${provider}${isRunning ? ', still running' : ''}`;
    return { title, lines: lines.slice(-MOST_LINES) };
  },
  async log(session, context) {
    const { readLogTail } = await import('../../actions/reading/read-log.ts');
    const { lines, path } = await readLogTail({ ...questionOf(session), lines: MOST_LINES }, context);
    return { title: basename(path), lines };
  },
  async diff(session, context) {
    const [{ readChanges }, { changesWords }] = await Promise.all([
      import('../../actions/reading/read-changes.ts'),
      import('../../actions/reading/read-changes.ts'),
    ]);
    const asked = { ...questionOf(session), path: '.', maxChars: DIFF_CHARS };
    const { patch, ...changes } = await readChanges(asked, context);
    const words = [...changesWords(changes).split('\n'), ''];
    const lines = [...words, ...(patch?.text ?? '').split('\n'), ...(patch?.truncated ? ['…'] : [])];
    return { title: `${changes.branch} since ${changes.since}`, lines };
  },
};

function questionOf({ view, projectDir }: ShownSession): { session: string; projectDir: string } {
  return { session: view.folder, projectDir };
}
