import { join } from 'node:path';
import type { TranscriptPiece } from '../../report/report-data.ts';
import type { EventOf } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { transcriptPage } from '../reading/read-transcript.ts';

/** What an agent said and did, as much of it as a page shows. */
export interface WholeTranscript {
  entries: TranscriptPiece[];
  chars: number;
  logPath: string;
  /** The raw log has more. */
  isCut: boolean;
}

/** Above this only the raw log has the rest. */
const MOST_CHARS = 2_000_000;

export async function wholeTranscript(
  { paths, state }: SessionView,
  { iteration, log, provider }: EventOf<'iteration_started'>,
): Promise<WholeTranscript> {
  const logPath = join(paths.logs, log);
  const isRunning = state.openIteration?.iteration === iteration;
  const entries: TranscriptPiece[] = [];
  let chars = 0;
  let from = 0;
  for (;;) {
    const page = await transcriptPage(logPath, { provider, isRunning, from, limit: 1000 });
    entries.push(...page.entries);
    chars += page.entries.reduce((sum, { text }) => sum + text.length, 0);
    if (!page.hasMore || chars > MOST_CHARS) return { entries, chars, logPath, isCut: page.hasMore };
    from = page.next;
  }
}
