import { isoUtc } from '../../../core/kernel/clock.ts';
import { duration } from '../../../core/kernel/durations.ts';
import type { Recurring, RecurringState, TimesOfWeek } from '../recurring.ts';
import { nextOccurrences, occurrencesBetween } from '../schedule/occurrences.ts';
import { withRun } from './run-history.ts';

/** A supervisor polls within this time, so that a run without any catch-up still starts. */
const GRACE_MS = 5 * 60_000;

interface NextRun {
  /** With what was skipped. */
  state: RecurringState;
  /** The run to start now: the time at which it was due. */
  run?: string;
  /** The time of the next decision. */
  atMs: number;
}

/**
 * Decides what is due now. Of several missed times only the newest can still run, and only within the catch-up; the
 * others are skipped, in one record. Pure.
 * @param held why no run may start yet
 */
export function nextRun(
  recurring: Recurring & { when: TimesOfWeek },
  given: RecurringState,
  { nowMs, held }: { nowMs: number; held: string | undefined },
): NextRun {
  const state = withClockSetBack(given, nowMs);
  const sinceMs = Math.max(Date.parse(state.consideredTo), resumedMs(recurring, nowMs));
  const isKnown = (ms: number) => state.runs.some(({ run }) => run === isoUtc(ms));
  const due = occurrencesBetween(recurring.when, sinceMs, nowMs).filter((ms) => !isKnown(ms));
  const [next = Number.POSITIVE_INFINITY] = nextOccurrences(recurring.when, nowMs, 1);
  const newest = due.at(-1);
  if (newest === undefined) return { state, atMs: next };
  const lateMs = nowMs - newest;
  const mayRunMs = Math.max(recurring.catchUpMs, GRACE_MS);
  if (lateMs > mayRunMs)
    return {
      state: withSkipped(state, due, { recurring, nowMs, why: held ?? failedText(given) ?? MISSED }),
      atMs: next,
    };
  const older = withSkipped(state, due.slice(0, -1), { recurring, nowMs, why: held ?? LATER_DUE });
  if (held !== undefined) return { state: older, atMs: Math.min(next, newest + mayRunMs + 1) };
  return { state: older, run: isoUtc(newest), atMs: next };
}

function failedText({ problem }: RecurringState): string | undefined {
  return problem && `its start failed for a reason that may pass: ${problem.text}`;
}

const MISSED = 'no supervisor ran on this machine when it was due, for example because it was off or asleep';
const LATER_DUE = 'a later run was due before it could start';

function withSkipped(
  state: RecurringState,
  due: readonly number[],
  { recurring, nowMs, why }: { recurring: Recurring; nowMs: number; why: string },
): RecurringState {
  const last = due.at(-1);
  if (last === undefined) return state;
  return withRun(
    { ...state, consideredTo: isoUtc(last), problem: undefined },
    {
      run: isoUtc(last),
      result: 'skipped',
      at: isoUtc(nowMs),
      skipped: due.length > 1 ? due.length : undefined,
      text: `${why} (${duration(nowMs - last)} late)`,
      resumes: recurring.resumes,
    },
  );
}

/** What was considered in a future that the clock has left again is due once more; what ran then is known. */
function withClockSetBack(state: RecurringState, nowMs: number): RecurringState {
  return Date.parse(state.consideredTo) > nowMs ? { ...state, consideredTo: isoUtc(nowMs) } : state;
}

/** A resume in the future is that of a clock that was wrong. */
function resumedMs({ resumedAt }: Recurring, nowMs: number): number {
  const ms = Date.parse(resumedAt ?? '');
  return ms <= nowMs ? ms : 0;
}
