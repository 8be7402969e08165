import type { SessionReport } from '../../actions/reading/get-status.ts';
import { type ReportFacts, reportFacts } from '../../actions/reading/report-facts.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nextCommands } from './next-commands.ts';

/** A session as `--json` shows it: a contract, so names change only with the version. */
export interface ShownFacts extends Omit<ReportFacts, 'next'> {
  /** Its project's folder, in a list of several projects. */
  project?: string;
  /** The command that goes on from here. */
  next: string;
}

export function shownFacts(view: SessionView, report?: Partial<Omit<SessionReport, 'view'>>): ShownFacts {
  const { next, ...facts } = reportFacts(view, report);
  // A command alone: the state is shown beside it.
  return { ...facts, next: nextCommands(next.map((step) => ({ ...step, when: undefined }))) };
}
