import type { Command } from 'commander';
import { givenStartOptions, startInputOf } from '../../core/acts/sessions/start/start-options.ts';
import { ACTION_ERRORS } from '../../core/caller/errors/action-errors.ts';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { newCommand } from '../../core/faces/terminal/new-command.ts';
import { wholeSeconds, withSharedOptions } from '../../core/faces/terminal/shared-options.ts';

interface OriginalOptions {
  config: string;
  session: string;
  dive?: string;
  task?: string;
  timeout?: number;
  provider?: string;
}

/** `samocode --config F --session N …`, the command line of the original samocode. */
export function isOriginalForm(argv: readonly string[]): boolean {
  const first = argv.find((word) => !['--json', '--no-color'].includes(word)) ?? '';
  return /^--(?:config|session|dive|task|timeout|provider)(?:=|$)/.test(first);
}

export function originalForm(cli: Cli): Command {
  return withSharedOptions(newCommand(cli, 'samocode'))
    .description('The original form: continue the session with this name, or start it.')
    .requiredOption('--config <file>', "the project's .samocode, or its folder")
    .requiredOption('--session <name>', 'the session')
    .option('--dive <topic>', 'a topic to research')
    .option('--task <text>', 'what to do')
    .option('--timeout <seconds>', 'how long one agent may run', wholeSeconds)
    .option('--provider <name>', 'the agent CLI')
    .action(async (options: OriginalOptions) => {
      const { config: projectDir } = options;
      const folder = (await resumeExisting(cli, options)) ?? (await startNew(cli, options));
      const { runToRest } = await import('../../core/acts/sessions/run-to-rest.ts');
      await runToRest(cli, { session: folder, projectDir, cursor: '0', ask: false });
    });
}

/** Resumes the session if it exists. @returns its folder; undefined if there is no such session */
async function resumeExisting(cli: Cli, options: OriginalOptions): Promise<string | undefined> {
  const [{ findSession }, { resumeSession }] = await Promise.all([
    import('../../core/caller/context/find-session.ts'),
    import('../../core/acts/sessions/resume-session.act.ts'),
  ]);
  const { config: projectDir, session, provider } = options;
  // The full name is required: a prefix of another session starts a new one here.
  const question = { session, projectDir, isWholeName: true };
  const context = await cli.actionContext();
  try {
    const { folder, state } = await findSession(question, context);
    const needsResume = state.status.kind === 'stopped' || state.status.kind === 'blocked';
    warnOfUnused(cli, folder, options, needsResume);
    if (needsResume) await resumeSession({ ...question, provider }, context);
    return folder;
  } catch (error) {
    if (ACTION_ERRORS.session_not_found.is(error)) return undefined;
    throw error;
  }
}

/** An existing session keeps its start options; only a resume can change the provider. */
function warnOfUnused(cli: Cli, folder: string, options: OriginalOptions, isResumed: boolean): void {
  const { task, dive, timeout, provider } = options;
  const unused = givenStartOptions({ task, dive, timeout, ...(isResumed ? {} : { provider }) });
  if (unused.length === 0) return;
  const flags = unused.map(({ flag }) => flag).join(', ');
  cli.output.warn(`${folder} exists and keeps its settings: ${flags} had no effect.`);
}

async function startNew(cli: Cli, options: OriginalOptions): Promise<string> {
  const { startSession } = await import('../../core/acts/sessions/start-session.act.ts');
  const { config, session, ...choices } = options;
  const input = startInputOf({ ...choices, project: config, name: session });
  const { view, warnings } = await startSession(input, await cli.actionContext());
  for (const warning of warnings) cli.output.warn(warning);
  return view.folder;
}
