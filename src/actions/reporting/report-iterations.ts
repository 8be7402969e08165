import { join } from 'node:path';
import type { ReportIteration, TranscriptPiece } from '../../report/report-data.ts';
import { decided } from '../../session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { transcriptPage } from '../reading/read-transcript.ts';
import { iterationChanges } from './iteration-changes.ts';

/** What the transcripts of a page may take of it, and that of one iteration: the others are files beside it. */
const ALL_TRANSCRIPTS_CHARS = 500_000;
const ONE_TRANSCRIPT_CHARS = 12_000;

/** Writes a transcript beside the page. @returns the link to it */
export type BesidePage = (
  iteration: EventOf<'iteration_started'>,
  transcript: WholeTranscript,
) => Promise<string>;

/** Every iteration on record, oldest first. One that was begun again after a crash is told once. */
export async function reportIterations(
  view: SessionView,
  { events, now, beside }: { events: readonly SessionEvent[]; now: string; beside: BesidePage },
  context: ActionContext,
): Promise<ReportIteration[]> {
  const started = new Map(
    events.flatMap((event) =>
      event.type === 'iteration_started' ? [[event.iteration, event] as const] : [],
    ),
  );
  const ended = new Map(
    events.flatMap((event) => (event.type === 'iteration_ended' ? [[event.iteration, event] as const] : [])),
  );
  const changes = await iterationChanges(view, events, context);
  const found: ReportIteration[] = [];
  let left = ALL_TRANSCRIPTS_CHARS;
  for (const start of [...started.values()].toReversed()) {
    const end = ended.get(start.iteration);
    const whole = await wholeTranscript(view, start);
    const isInPage = whole.chars <= Math.min(left, ONE_TRANSCRIPT_CHARS) && !whole.isCut;
    if (isInPage) left -= whole.chars;
    const { entries } = whole;
    const { commits = [], diff } = changes.get(start.iteration) ?? {};
    found.push({
      ...factsOf(start, end, now),
      commits,
      diff,
      transcript: {
        count: entries.length,
        ...(isInPage ? { entries } : { file: await beside(start, whole) }),
      },
    });
  }
  return found.toReversed();
}

type Facts = Omit<ReportIteration, 'commits' | 'diff' | 'transcript'>;

function factsOf(
  start: EventOf<'iteration_started'>,
  end: EventOf<'iteration_ended'> | undefined,
  now: string,
): Facts {
  const { iteration, phase, provider, model, at } = start;
  const begun = { iteration, phase, provider, startedAt: at };
  if (end === undefined) {
    const durationMs = Math.max(0, Date.parse(now) - Date.parse(at));
    return { ...begun, model, durationMs, cost: {}, tools: [] };
  }
  const { ending, decision, problem, cost, durationMs, lastAction, next, signal } = end;
  return {
    ...begun,
    model: cost.model ?? model,
    endedAt: end.at,
    durationMs,
    ending,
    decided: decided(decision, ending),
    problem,
    did: lastAction ?? signal?.summary ?? signal?.reason,
    next,
    cost,
    tools: Object.entries(cost.tools ?? {}).sort(([, a], [, b]) => b - a),
  };
}

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

async function wholeTranscript(
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
