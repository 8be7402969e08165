import type { Command } from 'commander';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { cursorOf } from '../../caller/facts/cursor.ts';
import { askField, askYesNo } from '../../faces/terminal/ask.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { projectOf, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import { describeLevel } from '../../kernel/sandbox-level.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { poolHost, viewFacts } from '../../session/words/facts.ts';
import { ensureProject } from '../set-up/ensure-project.ts';
import { askSession, askTask, namesNoWork } from './start/ask-work.ts';
import {
  givenStartOptions,
  type StartOptions,
  startInputOf,
  withStartOptions,
} from './start/start-options.ts';

type RunOptions = StartOptions & { yes?: true; ask?: boolean };

export function addRun(program: Command, cli: Cli): void {
  withSharedOptions(withStartOptions(program.command('run [session]')))
    .description('Start or continue a session, and follow it here')
    .option('--ask', 'ask you the questions and for approval of the plan here (default on a terminal)')
    .option('--no-ask', 'exit with status 4 instead')
    .option('-y, --yes', 'create a missing project without asking, with the check that its files suggest')
    .addHelpText('after', '\nCtrl-C leaves the session running in the background.')
    .action(async (session: string | undefined, options: RunOptions) => {
      const ask = options.ask ?? cli.isInteractive;
      if (ask && !cli.isInteractive) {
        throw CLI_ERRORS.usage({
          why: cli.output.json ? '--json and --ask exclude each other.' : '--ask needs a terminal.',
          hint: 'Leave --ask out: the command then exits with status 4 when it needs you.',
        });
      }
      const named = session ?? (ask && namesNoWork(options) ? await askSession(cli, options) : undefined);
      if (named === undefined) await runNew(cli, options, ask);
      else await runExisting(cli, named, options, ask);
    });
}

async function runNew(cli: Cli, options: RunOptions, ask: boolean): Promise<void> {
  const { view, warnings, projectDir, sandbox } = await begin(cli, options);
  cli.output.say(`sandbox: ${sandbox}`);
  const { runToRest } = await import('./run-to-rest.ts');
  await runToRest(cli, { session: view.folder, projectDir, cursor: '0', ask, told: warnings });
}

type BeginOptions = StartOptions & { yes?: true; run?: boolean; ask?: boolean };

/** Starts a session, and creates the project if it does not exist. */
async function begin(cli: Cli, options: BeginOptions) {
  const isAsking = cli.isInteractive && options.ask !== false;
  const task = isAsking && namesNoWork(options) ? await askTask(cli) : options.task;
  const wanted = startInputOf({ ...options, task });
  if (isAsking && wanted.work.kind === 'chat' && wanted.work.chat.by === 'caller')
    wanted.work.chat.choose = async (choices) => await askField(cli, { title: 'Which chat?', choices });
  const projectDir = await ensureProject(cli, options);
  const { startSession } = await import('./start-session.act.ts');
  const bring = cli.isInteractive ? (files: readonly string[]) => askToBring(cli, files) : undefined;
  const input = { ...wanted, project: projectDir, run: options.run, bring };
  const { view, file, warnings } = await startSession(input, await cli.actionContext());
  for (const warning of warnings) cli.output.warn(warning);
  return { view, warnings, projectDir, sandbox: describeLevel(file.sandbox) };
}

async function askToBring(cli: Cli, files: readonly string[]): Promise<boolean> {
  const { bringQuestion } = await import('./start/bring-form.ts');
  cli.output.say(bringQuestion(files));
  return (await askYesNo(cli, 'Copy them?')) === true;
}

async function runExisting(cli: Cli, session: string, options: RunOptions, ask: boolean): Promise<void> {
  const { getStatus } = await import('../../caller/facts/get-status.ts');
  const asked = getStatus({ session, ...projectOf(options) }, await cli.actionContext());
  const { view, worker } = await asked.catch((error: unknown) => {
    throw taskForName(session, error) ?? error;
  });
  refuseStartOptions(session, options, view);
  const isContinued = view.state.status.kind === 'stopped' && ask && (await askYesNo(cli, CONTINUE, true));
  // Without a supervisor, nothing else starts a worker.
  if (isContinued || (view.needsWorker && worker !== 'working')) {
    const { resumeSession } = await import('./resume-session.act.ts');
    await resumeSession({ session: view.folder, ...projectOf(options) }, await cli.actionContext());
  }
  const { runToRest } = await import('./run-to-rest.ts');
  await runToRest(cli, { session: view.folder, ...projectOf(options), cursor: cursorOf(view.state), ask });
}

const CONTINUE = 'It is stopped. Continue it?';

/** Suggests --task if the name has a space: names of new sessions never have one. */
function taskForName(session: string, error: unknown): SamocodeError | undefined {
  if (!ACTION_ERRORS.session_not_found.is(error) || !/\s/.test(session.trim())) return undefined;
  return CLI_ERRORS.usage({
    why: `There is no session "${session.slice(0, 80)}".`,
    hint: 'A task goes after --task, in quotation marks: samocode run --task "…"',
  });
}

/** Refuses options that would be ignored silently, because they apply only at the start or to `resume`. */
function refuseStartOptions(session: string, options: RunOptions, { state }: SessionView): void {
  const given = givenStartOptions(options);
  if (given.length === 0) return;
  const canResume = state.status.kind === 'stopped' || state.status.kind === 'blocked';
  const forResume = given.filter(({ isForResume }) => isForResume).map(({ typed }) => typed);
  const flags = given.map(({ flag }) => flag).join(', ');
  throw CLI_ERRORS.usage({
    why: `The session "${session}" exists, and ${flags} applies only to a new one.`,
    hint:
      canResume && forResume.length > 0
        ? `Use "samocode resume ${session} ${forResume.join(' ')}", then run it without these options.`
        : 'Leave the name out to start a new session, or name the new one with --name.',
  });
}

type Options = StartOptions & { yes?: true; run: boolean };

export function addStart(program: Command, cli: Cli): void {
  withSharedOptions(withStartOptions(program.command('start')))
    .description('Start a session in the background')
    .option('-y, --yes', 'create a missing project without asking, with the check that its files suggest')
    .option('--no-run', 'prepare the session, but start no agent until "samocode resume"')
    .action(async (options: Options) => {
      const { view, warnings, sandbox } = await begin(cli, options);
      const { folder } = view;
      const { starts = poolHost(view) === undefined ? 'is started' : 'is offered to the pool' } =
        viewFacts(view);
      const done = options.run
        ? `${folder} ${starts}; you can close this terminal.`
        : `${folder} is prepared; no agent runs yet.`;
      const stop = `To stop it: samocode stop ${handleOf(folder)}`;
      const lines = [`Sandbox: ${sandbox}`, ...(options.run ? [stop] : [])];
      const next = options.run ? undefined : [{ act: 'resume', session: folder } as const];
      printDone(cli, { view, done, next }, { facts: { warnings }, lines });
    });
}
