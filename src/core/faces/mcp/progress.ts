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
  describe: () => string,
): () => void {
  const stop = new AbortController();
  const loop = async () => {
    for (let pauseMs = FIRST_MS; ; pauseMs = INTERVAL_MS) {
      await clock.sleep(pauseMs, stop.signal);
      progress(describe());
    }
  };
  // The loop ends only when it is stopped, which rejects its sleep.
  loop().catch(() => undefined);
  return () => stop.abort();
}

/** As many sessions as fit on one line. */
const MAX_NAMED = 3;

export function waitProgress(reports: readonly SessionReport[]): string {
  const [first, ...others] = reports;
  if (first === undefined) return 'waiting';
  if (others.length === 0) return progressText(first);
  const left = reports.length - MAX_NAMED;
  const each = reports.slice(0, MAX_NAMED).map((report) => `${namePrefix(report)}${progressText(report)}`);
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
