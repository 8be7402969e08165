import { forPrograms, type SessionFacts } from '../../caller/facts/session-facts.ts';
import { commandsOf } from '../../caller/facts/step-texts.ts';

/** The commands of its next steps, without their conditions, because the state is shown too: that is the report. */
export function nextCommandsOf({ next }: Pick<SessionFacts, 'next'>): string[] {
  const steps = next.filter(({ act }) => act !== 'report');
  return commandsOf(steps.map(({ when: _, ...step }) => step));
}

/** A session as printed with `--json`: a contract, so names change only with the version. */
export function jsonFacts(facts: SessionFacts) {
  const nextCommands = nextCommandsOf(facts);
  return { ...forPrograms(facts), next: nextCommands.join(', or '), nextCommands };
}
