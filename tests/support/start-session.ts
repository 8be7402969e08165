import { type StartSessionInput, startInput } from '../../src/core/acts/sessions/start/start-choices.ts';
import type { WorkRequest } from '../../src/core/acts/sessions/start/work.ts';
import { startSession as start } from '../../src/core/acts/sessions/start-session.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';

type Choices = NonNullable<StartSessionInput['choices']>;

/** A start as the arguments of the tool say it, except that its settings have their own names. */
export interface Start extends WorkRequest, Choices, Pick<StartSessionInput, 'run' | 'again' | 'bring'> {
  projectDir?: string;
}

export async function startSession(given: Start, context: ActionContext) {
  const { projectDir: project, run, again, bring, settings, ...chosen } = given;
  const input = startInput(chosen);
  const choices = { ...input.choices, settings };
  return await start({ ...input, choices, project, run, again, bring }, context);
}
