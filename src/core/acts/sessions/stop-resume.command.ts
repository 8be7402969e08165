import { type Command, InvalidArgumentError, Option } from 'commander';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { jsonFacts } from '../../faces/terminal/json-facts.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { LIMIT_NAMES } from '../../kernel/phases/limits.ts';
import { type Phase, WORK_PHASES } from '../../kernel/phases/table.ts';
import { handleOf } from '../../session/layout/names.ts';
import { LIMIT_SETTINGS, type LimitSetting, START_CHOICE_ROWS } from './start/start-choices.ts';
import type { StopOneResult } from './stop-session.act.ts';

type StopOptions = SharedOptions & { now?: true; all?: true; group?: string };

export function addStop(program: Command, cli: Cli): void {
  withSharedOptions(program.command('stop [session]'))
    .description('Stop a session after its current agent; all files are kept')
    .option('--all', 'stop every session of the project')
    .option('--group <name>', 'stop every session of this group')
    .option('--now', 'end the current agent now; what it has written is kept')
    .action(async (session: string | undefined, options: StopOptions) => {
      const { all, group, now } = options;
      const named = [session, group, all].filter((one) => one !== undefined);
      if (named.length !== 1)
        throw CLI_ERRORS.usage({
          why: 'Name one session, or use --group or --all.',
          hint: 'For example: samocode stop --group tonight',
        });
      const { stopSession, stopSeveral } = await import('./stop-session.act.ts');
      const input = { ...projectOf(options), when: now ? 'now' : 'after_iteration' } as const;
      const context = await cli.actionContext();
      if (session !== undefined) {
        const { outcome, ...stopped } = await stopSession({ session, ...input }, context);
        const canHurry = outcome === 'stopping' && !now;
        const hint = `To stop it at once: samocode stop ${handleOf(stopped.view.folder)} --now`;
        return printDone(cli, stopped, { facts: { outcome }, lines: canHurry ? [hint] : [] });
      }
      const stopped = await stopSeveral({ group, ...input }, context);
      const failures = stopped.flatMap((one) => (one.outcome === 'refused' ? [one.error] : []));
      if (failures.length > 0)
        cli.leaveWith(failures.every(ACTION_ERRORS.pending.is) ? EXIT.pending : EXIT.failed);
      cli.output.result({ sessions: stopped.map(factsOf) }, () =>
        stopped.length === 0 ? 'No session is running here.' : stopped.map(({ done }) => done).join('\n'),
      );
    });
}

function factsOf(one: StopOneResult) {
  const error =
    one.outcome === 'refused'
      ? { code: one.error.code, message: `${one.error.what} ${one.error.why}` }
      : undefined;
  return { ...jsonFacts(sessionFacts(one.view)), outcome: one.outcome, error };
}

type ResumeOptions = SharedOptions &
  Partial<Record<LimitSetting, number>> & {
    note?: string;
    goal?: string;
    phase?: Phase;
    provider?: string;
    model?: string;
  };

export function addResume(program: Command, cli: Cli): void {
  const command = withSharedOptions(program.command('resume <session>'))
    .description('Continue a session, or give a finished one new work')
    .option('--note <text>', 'a note for the next agent')
    .option('--goal <text>', 'new work for a finished session')
    .addOption(new Option('--phase <name>', 'where it continues').choices(WORK_PHASES));
  for (const [, { kind, option, about, isForResume }] of START_CHOICE_ROWS) {
    if (option === undefined) continue;
    if (isForResume && kind === 'limit') command.option(option, about, limit);
    else if (isForResume) command.option(option, about);
  }
  command.action(async (session: string, options: ResumeOptions) => {
    const { resumeSession } = await import('./resume-session.act.ts');
    const { note, goal, phase, provider, model } = options;
    const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, options[LIMIT_SETTINGS[name]]]));
    const input = { session, ...projectOf(options), note, goal, phase, provider, model, limits };
    const { outcome, ...resumed } = await resumeSession(input, await cli.actionContext());
    printDone(cli, resumed, { facts: { outcome } });
  });
}

function limit(text: string): number {
  const number = Number(text.trim() || Number.NaN);
  if (number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number, 0 or more.');
}
