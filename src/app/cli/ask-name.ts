import { chooseSession } from '../../core/acts/sessions/start/ask-work.ts';
import { refusalNow } from '../../core/caller/commands/early-refusal.ts';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import { projectOf, type SharedOptions } from '../../core/faces/terminal/shared-options.ts';
import type { Command } from '../../core/session/commands/commands.ts';

/** What a command sends, if only some sessions take it; the other commands read any session. */
const SENDS: Readonly<Record<string, Command['kind']>> = {
  answer: 'answer',
  approve: 'approve',
  archive: 'archive',
  changes: 'request_changes',
  finish: 'archive',
  message: 'message',
  resume: 'resume',
  rewind: 'rewind',
  round: 'round',
  stop: 'stop',
  unarchive: 'unarchive',
};

/**
 * Asks at a terminal which session a command without one is about, of those that take it now.
 * @returns undefined if the person cancelled
 */
export async function askName(
  cli: Cli,
  command: string,
  options: SharedOptions,
): Promise<string | undefined> {
  const { listSessions } = await import('../../core/acts/reading/list-sessions.act.ts');
  const context = await cli.actionContext();
  const filter = command === 'unarchive' ? 'archived' : undefined;
  const { sessions } = await listSessions({ ...projectOf(options), filter }, context);
  const kind = SENDS[command];
  const fitting = sessions.filter((view) => kind === undefined || !refusalNow(kind, view, context));
  if (fitting.length > 0) return await chooseSession(cli, fitting);
  throw CLI_ERRORS.usage({
    why: `No session here takes "samocode ${command}" now.`,
    hint: 'samocode list shows the sessions of this project.',
  });
}
