import type { SessionReport } from '../../caller/facts/get-status.ts';
import { type SessionFacts, sessionFacts } from '../../caller/facts/session-facts.ts';
import { commandsOf, nextCommands } from '../../caller/facts/step-texts.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** A session as printed with `--json`: a contract, so names change only with the version. */
export interface ShownFacts extends Omit<SessionFacts, 'next'> {
  /** Its project's folder, in a list of several projects. */
  project?: string;
  next: string;
  nextCommands: string[];
}

/** @param isListed in a list, which asks no git: the status says whether there is anything to finish */
export function shownFacts(
  view: SessionView,
  report?: Partial<Omit<SessionReport, 'view'>>,
  isListed = false,
): ShownFacts {
  const { next, ...facts } = sessionFacts(view, report);
  // The conditions are omitted, because the state is shown too.
  const steps = next.map(({ when: _, ...step }) =>
    isListed && step.act === 'finish' ? { act: 'read_status' as const, session: view.folder } : step,
  );
  return { ...facts, next: nextCommands(steps), nextCommands: commandsOf(steps) };
}
