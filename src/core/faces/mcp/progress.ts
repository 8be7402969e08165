import type { ActionContext } from '../../caller/context/context.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import type { SessionReport } from '../../caller/facts/get-status.ts';
import { phasesOf } from '../../kernel/phases/table.ts';
import { cut, shownText } from '../../kernel/text.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { statusSentence } from '../../session/words/words.ts';
import type { ToolContext } from './tool.ts';

/** Early for the person watching; the interval after that is below every client's limit for silent calls. */
const FIRST_MS = 2000;
const INTERVAL_MS = 15_000;

/**
 * Sends the client periodic progress notifications.
 * @param describe returns the text of the next notification
 * @returns a function that stops them
 */
export function startProgress(
  { progress, actions: { clock } }: Pick<ToolContext, 'progress' | 'actions'>,
  describe: () => string | Promise<string>,
): () => void {
  const stop = new AbortController();
  const loop = async () => {
    for (let pauseMs = FIRST_MS; ; pauseMs = INTERVAL_MS) {
      await clock.sleep(pauseMs, stop.signal);
      // If the text cannot be produced, still show that the call is alive.
      const message = await Promise.resolve(describe()).catch(() => 'waiting');
      if (stop.signal.aborted) return;
      progress(message);
    }
  };
  // The loop ends only when it is stopped, which rejects its sleep.
  loop().catch(() => undefined);
  return () => stop.abort();
}

/** As many sessions as fit on one line. */
const MAX_NAMED = 3;

export async function waitProgress(
  sessions: readonly SessionQuestion[],
  context: ActionContext,
): Promise<string> {
  const { getStatus } = await import('../../caller/facts/get-status.ts');
  const named = sessions.slice(0, MAX_NAMED);
  const reports = await Promise.all(named.map((session) => getStatus(session, context)));
  const [first, ...others] = reports;
  if (first === undefined) return 'waiting';
  if (others.length === 0) return progressText(first);
  const left = sessions.length - reports.length;
  const each = reports.map((report) => `${namePrefix(report)}${progressText(report)}`);
  return [...each, ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}

/** The name as a prefix, unless the text about the session already contains it. */
function namePrefix({ view }: SessionReport): string {
  return view.state.status.kind === 'running' ? `${view.folder}: ` : '';
}

function progressText({ view, activity }: SessionReport): string {
  const { status, progress } = view.state;
  if (status.kind !== 'running') return statusSentence(view);
  const phases = phasesOf(progress.way, progress.phase);
  const phase = `${progress.phase} (${phases.indexOf(progress.phase) + 1} of ${phases.length})`;
  const at = `${phase}, iteration ${progress.totalIterations}`;
  // Written by an agent, so untrusted.
  return activity === undefined ? at : `${at}: ${cut(oneLine(shownText(activity)), 120)}`;
}
