import type { ActionContext } from '../../actions/acting/context.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import type { SessionReport } from '../../actions/reading/get-status.ts';
import { plainWords } from '../../base/plain-words.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { statusSentence } from '../../session/words.ts';
import { cut } from './session-fields.ts';
import type { CallProgress } from './tool.ts';

/** More do not fit on a line. */
const MOST_NAMED = 3;

/** What goes on in the sessions that a call waits for, for the line that a person sees meanwhile. */
export async function waitProgress(
  sessions: readonly SessionQuestion[],
  context: ActionContext,
): Promise<CallProgress> {
  const { getStatus } = await import('../../actions/reading/get-status.ts');
  const named = sessions.slice(0, MOST_NAMED);
  const reports = await Promise.all(named.map((session) => getStatus(session, context)));
  const [first, ...others] = reports;
  if (first === undefined) return { message: 'waiting' };
  if (others.length === 0) return { message: wordsFor(first), phasesBehind: phasesBehind(first) };
  const left = sessions.length - reports.length;
  const each = reports.map((report) => `${nameFor(report)}${wordsFor(report)}`);
  return { message: [...each, ...(left > 0 ? [`and ${left} more`] : [])].join('; ') };
}

/** A sentence about a session names it already. */
function nameFor({ view }: SessionReport): string {
  return view.state.status.kind === 'running' ? `${view.folder}: ` : '';
}

function wordsFor({ view, activity }: SessionReport): string {
  const { status, progress } = view.state;
  if (status.kind !== 'running') return statusSentence(view);
  const at = `${progress.phase} (${phasesBehind({ view }) + 1} of ${PHASE_NAMES.length}), iteration ${progress.totalIterations}`;
  // The agent's words, on somebody's screen.
  return activity === undefined ? at : `${at}: ${cut(oneLine(plainWords(activity)), 120)}`;
}

function phasesBehind({ view }: Pick<SessionReport, 'view'>): number {
  return PHASE_NAMES.indexOf(view.state.progress.phase);
}
