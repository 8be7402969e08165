import { keptText } from '../../../core/kernel/phases/usage-windows.ts';
import type { SessionEvent } from '../../../core/session/events/events.ts';
import { stateText } from '../../../core/session/words/words.ts';
import type { ReportGap } from '../html/report-data.ts';

type Open = Omit<ReportGap, 'to'>;

/** Finds the periods in which no agent could work, with the reason for each. */
export function findGaps(events: readonly SessionEvent[], until: string): ReportGap[] {
  const gaps: ReportGap[] = [];
  let open: Open | undefined;
  for (const event of events) {
    const begun = gapBegunBy(event);
    // A session that is stopped while it waits still counts as waiting.
    if (begun !== undefined) open ??= { ...begun, from: event.at };
    else if (open !== undefined && endsGap(event)) {
      gaps.push({ ...open, to: event.at });
      open = undefined;
    }
  }
  if (open !== undefined) gaps.push({ ...open, to: until });
  // The clock may have been set back.
  return gaps.filter(({ from, to }) => Date.parse(to) > Date.parse(from));
}

function gapBegunBy(event: SessionEvent): Omit<Open, 'from'> | undefined {
  switch (event.type) {
    case 'parked':
      return {
        words: stateText({
          state: 'waiting',
          for: event.for,
          about: event.asks?.some(({ kind }) => kind === 'weakened') ? 'checks' : undefined,
        }).brief,
        isForPerson: true,
      };
    case 'blocked':
    case 'stopped':
      return { words: stateText({ state: event.type }).brief, isForPerson: true };
    case 'limited': {
      const { brief } = stateText({
        state: 'limited',
        outage: event.outage?.kind,
        kept: event.kept && keptText(event.kept),
      });
      return { words: brief, isForPerson: false };
    }
    case 'queued':
    case 'done':
      return { words: stateText({ state: event.type }).brief, isForPerson: false };
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
