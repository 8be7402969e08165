import type { ReportGap, ReportIteration } from '../../report/report-data.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { stateWords } from '../../session/words.ts';

type Open = Omit<ReportGap, 'to'>;

/** The times in which no agent could work, from why to until what. */
export function gapsOf(events: readonly SessionEvent[], until: string): ReportGap[] {
  const gaps: ReportGap[] = [];
  let open: Open | undefined;
  for (const event of events) {
    const begun = beginOf(event);
    // A session that was stopped while it waited goes on waiting.
    if (begun !== undefined) open ??= { ...begun, from: event.at };
    else if (open !== undefined && endsGap(event)) {
      gaps.push({ ...open, to: event.at });
      open = undefined;
    }
  }
  if (open !== undefined) gaps.push({ ...open, to: until });
  // A clock may have been put back.
  return gaps.filter(({ from, to }) => Date.parse(to) > Date.parse(from));
}

function beginOf(event: SessionEvent): Omit<Open, 'from'> | undefined {
  switch (event.type) {
    case 'parked':
      return {
        words: stateWords({ state: 'waiting', for: event.for, about: event.weakened && 'checks' }).brief,
        isForPerson: true,
      };
    case 'blocked':
    case 'stopped':
      return { words: stateWords({ state: event.type }).brief, isForPerson: true };
    case 'limited': {
      const { brief } = stateWords({ state: 'limited', outage: event.outage?.kind });
      return { words: brief, isForPerson: false };
    }
    case 'queued':
    case 'done':
      return { words: stateWords({ state: event.type }).brief, isForPerson: false };
    default:
      return undefined;
  }
}

function endsGap(event: SessionEvent): boolean {
  switch (event.type) {
    case 'answers_recorded':
      return event.open.length === 0;
    case 'plan_approved':
    case 'changes_requested':
    case 'resumed':
    case 'went_on':
    case 'iteration_started':
      return true;
    default:
      return false;
  }
}

type Ended = Pick<ReportIteration, 'durationMs'>;

/** How long agents have worked. */
export function workedMs(iterations: readonly Ended[]): number {
  return iterations.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
