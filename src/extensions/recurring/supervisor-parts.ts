import { finishUnasked } from '../../core/acts/finish/finish-session.act.ts';
import { startSession } from '../../core/acts/sessions/start-session.act.ts';
import { contextOfPart, type NewPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import { RecurringRuns } from './runs/recurring-runs.ts';

const recurringPart: NewPart = (supervisor, scan) => {
  const { home, identity, clock, say } = supervisor;
  const login = async () => await contextOfPart(supervisor);
  const notifyPause: Scan['notifyPause'] = (pause) => scan.notifyPause(pause);
  const acts = { start: startSession, finish: finishUnasked };
  const runs = new RecurringRuns({ home, identity, clock, say, notifyPause, login, ...acts });
  return {
    poll: async () => runs.poll(scan.views(), (what, error) => scan.report(what, error)),
    keepsAlive: () => runs.isWatching,
    end: async () => await runs.end(),
  };
};

export const RECURRING_PARTS: readonly NewPart[] = [recurringPart];
