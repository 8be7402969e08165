import { isoUtc } from '../../base/clock.ts';
import { outageWords } from '../events/bodies/limited.ts';
import type { SessionFile } from '../events/session-file.ts';
import type { SessionState, Status } from '../events/state.ts';
import { describeBy } from './describe-event.ts';

/** `now.json`: what a status bar needs, in one small object. */
interface NowFile {
  session: string;
  status: Status['kind'];
  /**
   * What it waits for, why it is blocked or stopped, until when it is limited, with the reason where that is no usage
   * limit; while it runs, that it is to stop.
   */
  detail?: string;
  phase: string;
  iteration: number;
  total: number;
  /** What the child does now. */
  activity?: string;
  /** ISO time since when the status holds. */
  since: string;
  costUsd?: number;
}

/** That a stop is on its way, by when it comes. */
export const STOPS = { after_iteration: 'stops after this iteration', now: 'is being stopped' } as const;

export function nowText(file: SessionFile, state: SessionState, activity?: string): string {
  const stops = state.stopWanted && STOPS[state.stopWanted.when];
  const detail = statusDetail(state.status) ?? stops;
  const now: NowFile = {
    session: file.folder,
    status: state.status.kind,
    detail,
    phase: state.progress.phase,
    iteration: state.progress.phaseIteration,
    total: state.progress.totalIterations,
    activity,
    since: state.status.since,
    costUsd: state.cost.usd,
  };
  return `${JSON.stringify(now)}\n`;
}

/** The part of a status behind its name, in a few words. */
export function statusDetail(status: Status): string | undefined {
  switch (status.kind) {
    case 'starting':
    case 'running':
      return undefined;
    case 'queued':
      return status.reason;
    case 'waiting':
      return status.for;
    case 'limited':
      return status.outage ? outageWords(status.until, status.outage) : isoUtc(status.until);
    case 'blocked':
      return status.reason;
    case 'stopped':
      return `${describeBy(status.by)}: ${status.why}`;
    case 'done':
      return status.summary;
    default:
      return status satisfies never;
  }
}
