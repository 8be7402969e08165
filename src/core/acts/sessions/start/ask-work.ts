import { START_ERRORS } from '../../../caller/errors/start-errors.ts';
import type { FormChoice } from '../../../caller/facts/form.ts';
import { askField } from '../../../faces/terminal/ask.ts';
import type { Cli } from '../../../faces/terminal/cli.ts';
import { projectOf } from '../../../faces/terminal/shared-options.ts';
import { isSamocodeError } from '../../../kernel/errors.ts';
import type { SessionView } from '../../../session/folder/session-view.ts';
import { handleOf } from '../../../session/layout/names.ts';
import { viewFacts } from '../../../session/words/facts.ts';
import { stateLine } from '../../../session/words/words.ts';
import { startInput } from './start-choices.ts';
import { noWorkError, type StartOptions } from './start-options.ts';

/** Whether the options name no work, so a person at a terminal is asked for it. */
export function namesNoWork({ pool, ...options }: StartOptions): boolean {
  try {
    startInput(options);
    return false;
  } catch (error) {
    return START_ERRORS.nothing_to_do.is(error);
  }
}

/** @returns undefined if the person cancelled */
export async function askTask(cli: Cli): Promise<string | undefined> {
  return await askField(cli, { title: 'What is to be done?' });
}

const NEW = '';
const MOST_SHOWN = 9;

/**
 * Asks which unfinished session of the project to continue.
 * @returns undefined for a new one
 * @throws usage if the person cancelled
 */
export async function askSession(cli: Cli, options: StartOptions): Promise<string | undefined> {
  const { listSessions } = await import('../../reading/list-sessions.act.ts');
  const listed = listSessions(projectOf(options), await cli.actionContext());
  const { sessions, places } = await listed.catch((error: unknown) => {
    // There is no project yet, or it cannot be read: the start says which.
    if (isSamocodeError(error)) return { sessions: [], places: [] };
    throw error;
  });
  const unfinished = sessions.filter(({ state }) => !state.archived && state.status.kind !== 'done');
  if (unfinished.length === 0 || !places.some(({ isOwn }) => isOwn)) return undefined;
  const chosen = await chooseSession(cli, unfinished, [{ value: NEW, title: 'a new one' }]);
  if (chosen === undefined) throw noWorkError();
  return chosen || undefined;
}

/** @returns undefined if the person cancelled */
export async function chooseSession(
  cli: Cli,
  sessions: readonly SessionView[],
  more: readonly FormChoice[] = [],
): Promise<string | undefined> {
  const choices = sessions.slice(0, MOST_SHOWN).map((view): FormChoice => {
    const { folder } = view;
    return { value: folder, title: `${handleOf(folder)}: ${stateLine(viewFacts(view))}` };
  });
  return await askField(cli, { title: 'Which session?', choices: [...choices, ...more] });
}
