import type { ActionContext } from '../../actions/acting/context.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import type { SessionReport } from '../../actions/reading/get-status.ts';
import { cleanText } from '../../base/text.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { statusSentence } from '../../session/words.ts';
import { cut } from './session-fields.ts';
import type { ToolContext } from './tool.ts';

/** Soon, for whoever looks at the screen; then below every client's limit for calls that say nothing. */
const FIRST_MS = 2000;
const BEAT_MS = 15_000;

/**
 * Tells the client now and then that a call is alive.
 * @param say what there is to tell at that moment
 * @returns what ends that
 */
export function beat(
  { progress, actions: { clock } }: Pick<ToolContext, 'progress' | 'actions'>,
  say: () => string | Promise<string>,
): () => void {
  const stop = new AbortController();
  const beating = async () => {
    for (let pauseMs = FIRST_MS; ; pauseMs = BEAT_MS) {
      await clock.sleep(pauseMs, stop.signal);
      // Where it cannot be said what goes on, it is still said that the call lives.
      const told = await Promise.resolve(say()).catch(() => 'waiting');
      if (stop.signal.aborted) return;
      progress(told);
    }
  };
  // It only ends by being stopped, which rejects its sleep.
  beating().catch(() => undefined);
  return () => stop.abort();
}

/** More do not fit on a line. */
const MOST_NAMED = 3;

/** What goes on in the sessions that a call waits for, for the line that a person sees meanwhile. */
export async function waitProgress(
  sessions: readonly SessionQuestion[],
  context: ActionContext,
): Promise<string> {
  const { getStatus } = await import('../../actions/reading/get-status.ts');
  const named = sessions.slice(0, MOST_NAMED);
  const reports = await Promise.all(named.map((session) => getStatus(session, context)));
  const [first, ...others] = reports;
  if (first === undefined) return 'waiting';
  if (others.length === 0) return wordsFor(first);
  const left = sessions.length - reports.length;
  const each = reports.map((report) => `${nameFor(report)}${wordsFor(report)}`);
  return [...each, ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}

/** A sentence about a session names it already. */
function nameFor({ view }: SessionReport): string {
  return view.state.status.kind === 'running' ? `${view.folder}: ` : '';
}

function wordsFor({ view, activity }: SessionReport): string {
  const { status, progress } = view.state;
  if (status.kind !== 'running') return statusSentence(view);
  const phase = `${progress.phase} (${PHASE_NAMES.indexOf(progress.phase) + 1} of ${PHASE_NAMES.length})`;
  const at = `${phase}, iteration ${progress.totalIterations}`;
  // The agent's words, on somebody's screen.
  return activity === undefined ? at : `${at}: ${cut(oneLine(cleanText(activity)), 120)}`;
}
