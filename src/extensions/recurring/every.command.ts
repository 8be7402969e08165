import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StartChoice } from '../../core/acts/sessions/start/start-choices.ts';
import { startInput } from '../../core/acts/sessions/start/start-choices.ts';
import { type StartOptions, withStartOptions } from '../../core/acts/sessions/start/start-options.ts';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../core/faces/terminal/shared-options.ts';
import type { NewRecurring } from './create-recurring.act.ts';
import { doneText, listText, nextText, oneText } from './every-text.ts';
import type { RecurringLimits, RecurringReport, RecurringWork } from './recurring.ts';

interface LimitOptions {
  maxCostRun?: number;
  maxCostTotal?: number;
  maxRuns?: number;
}

type EveryOptions = StartOptions &
  LimitOptions & {
    on?: 'ci-failed';
    label?: string;
    name?: string;
    catchUp?: number;
    overlap?: true;
  };

/** The choices of a start that hold for every run. The others name work, an order, or one branch. */
const FOR_EACH_RUN: ReadonlySet<StartChoice> = new Set([
  ...(['task', 'plan', 'group', 'base', 'provider', 'model', 'providers', 'models', 'fallback'] as const),
  ...(['maxTokens', 'maxHours', 'maxIterations', 'timeout', 'sandbox'] as const),
  ...(['acceptSuggestions', 'autoApprove', 'quick', 'review'] as const),
]);

export function addEvery(program: Command, cli: Cli): void {
  const every = program
    .command('every [schedule]')
    .description('Start a session again and again: at times of the week, or when checks fail')
    .addOption(
      new Option(
        '--on <event>',
        'instead of a schedule: when checks of a push to the default branch failed',
      ).choices(['ci-failed']),
    )
    .option('--label <label>', 'work of each run: an open issue of this repository with this label')
    .option('--name <name>', 'name of the recurring session (default: words of the work)')
    .option('--catch-up <time>', 'how late a run may start, such as 6h, 90m or 0m (default: 6h)', span)
    .option('--overlap', 'start a run although the last one still works or needs you');
  withLimits(withStartOptions(every, (choice) => FOR_EACH_RUN.has(choice)));
  withSharedOptions(every).action(async (schedule: string | undefined, options: EveryOptions) => {
    const input = newRecurring(schedule, options);
    const { createRecurring } = await import('./create-recurring.act.ts');
    shown(cli, await createRecurring(input, await cli.actionContext()), 'is created');
  });
  addEveryList(every, cli);
  addEveryNext(every, cli);
  addChanges(every, cli);
}

function addEveryList(every: Command, cli: Cli): void {
  withSharedOptions(every.command('list [name]'))
    .description('List the recurring sessions with their last results, or show one')
    .action(async (name: string | undefined) => {
      const { readRecurring, unreadableRecurring } = await import('./recurring.act.ts');
      const context = await cli.actionContext();
      const recurring = await readRecurring({ which: name, next: name === undefined ? 1 : NEXT }, context);
      const [one] = recurring;
      if (name !== undefined && one !== undefined)
        return cli.output.result(one, () => oneText(one, cli.output));
      for (const { why, hint } of await unreadableRecurring(context)) cli.output.warn(`${why} ${hint}`);
      if (recurring.length > 0) await warnWithoutSupervisor(cli);
      cli.output.result({ recurring }, () => listText(recurring, cli.output));
    });
}

async function warnWithoutSupervisor(cli: Cli): Promise<void> {
  const { supervisorHere } = await import('./create-recurring.act.ts');
  if ((await supervisorHere(await cli.actionContext())) === 'none')
    cli.output.warn('No supervisor runs, so no run starts: samocode supervisor --install');
}

const NEXT = 5;

function addEveryNext(every: Command, cli: Cli): void {
  withSharedOptions(every.command('next [name]'))
    .description('Show when the next runs are due')
    .action(async (name: string | undefined) => {
      const { readRecurring } = await import('./recurring.act.ts');
      const reports = await readRecurring({ which: name, next: NEXT }, await cli.actionContext());
      const due = reports
        .flatMap((report) => report.next.map((at) => ({ at, report })))
        .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
        .slice(0, name === undefined ? 2 * NEXT : NEXT);
      if (due.length > 0) await warnWithoutSupervisor(cli);
      const runs = due.map(({ at, report: { recurring } }) => ({
        at,
        id: recurring.id,
        name: recurring.name,
      }));
      cli.output.result({ runs }, () => nextText(due, reports, cli.output));
    });
}

function addChanges(every: Command, cli: Cli): void {
  withSharedOptions(every.command('pause <name>'))
    .description('Start no further run until it is resumed; a run that works continues')
    .action(async (which: string) => {
      const { pauseRecurring } = await import('./recurring.act.ts');
      shown(cli, await pauseRecurring({ which }, await cli.actionContext()), 'is paused');
    });
  withSharedOptions(withLimits(every.command('resume <name>')))
    .description('Start its runs again, perhaps with other limits')
    .action(async (which: string, options: LimitOptions & SharedOptions) => {
      const { resumeRecurring } = await import('./recurring.act.ts');
      const limits = limitsOf(options);
      shown(cli, await resumeRecurring({ which, limits }, await cli.actionContext()), 'is resumed');
    });
  withSharedOptions(every.command('remove <name>'))
    .description('Remove it with the list of its runs; their sessions stay')
    .action(async (which: string) => {
      const { removeRecurring } = await import('./recurring.act.ts');
      shown(cli, await removeRecurring({ which }, await cli.actionContext()), 'is removed');
    });
}

function shown({ output }: Cli, report: RecurringReport, done: string): void {
  output.result(report, () => doneText(report, done, output));
}

function withLimits(command: Command): Command {
  return command
    .option('--max-cost-run <dollars>', 'limit for the cost of one run; its session then asks you', dollars)
    .option('--max-cost-total <dollars>', 'limit for the cost of all runs; no run starts beyond it', dollars)
    .option('--max-runs <number>', 'limit for the number of its sessions', numberOption(1));
}

function limitsOf({ maxCostRun, maxCostTotal, maxRuns }: LimitOptions): RecurringLimits {
  return {
    ...(maxCostRun !== undefined && { costRunUsd: maxCostRun }),
    ...(maxCostTotal !== undefined && { costTotalUsd: maxCostTotal }),
    ...(maxRuns !== undefined && { runs: maxRuns }),
  };
}

function newRecurring(schedule: string | undefined, options: EveryOptions): NewRecurring {
  const { on, label, name, catchUp: catchUpMs, overlap, ...ofSession } = options;
  if ((schedule === undefined) === (on === undefined))
    throw CLI_ERRORS.usage({
      why: 'A recurring session needs either a schedule or --on.',
      hint: 'For example: samocode every "mon-fri 02:00" --task "Update the dependencies"',
    });
  if (on !== undefined && [options.plan, label, catchUpMs].some((given) => given !== undefined))
    throw CLI_ERRORS.usage({
      why: 'A run of --on ci-failed repairs checks at once: --plan, --label and --catch-up have no meaning there.',
      hint: 'For example: samocode every --on ci-failed --task "Fix what made these checks fail"',
    });
  if (options.quick && [options.plan, label, on].some((given) => given !== undefined))
    throw CLI_ERRORS.usage({
      why: 'Only a task of yours is worked on without questions and a plan: --quick goes with neither --plan nor --label nor --on.',
      hint: 'For example: samocode every "mon 02:00" --quick --task "Update the list of time zones"',
    });
  // A start has its work among its options. That of the runs is read for each run.
  const { choices: { settings, ...choices } = {} } = startInput({ ...ofSession, plan: undefined, task: '-' });
  return {
    when: schedule === undefined ? { on: 'ci-failed' } : { schedule },
    work: workOfRuns(options),
    choices: { ...choices, settings },
    project: projectOf(options).projectDir,
    limits: limitsOf(options),
    ...{ name, catchUpMs, overlap },
  };
}

function workOfRuns({ label, ...options }: EveryOptions): RecurringWork {
  const [task, plan] = [options.task, options.plan].map((given) =>
    typeof given === 'string' && given.trim() !== '' ? given.trim() : undefined,
  );
  const isOne = label === undefined ? (task ?? plan) !== undefined : (task ?? plan) === undefined;
  if (!isOne)
    throw CLI_ERRORS.usage({
      why: 'A recurring session needs one kind of work: --task, --plan or --label.',
      hint: 'A task may be added to a plan. For example: samocode every "daily 02:00" --label nightly',
    });
  if (label !== undefined) return { kind: 'label', label };
  return plan === undefined ? { kind: 'task', task: task ?? '' } : { kind: 'plan', plan, task };
}

const SPAN = /^(\d{1,3})\s*(m|h|d)$/;
const SPAN_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };

function span(text: string): number {
  const [, count, unit = ''] = SPAN.exec(text.trim()) ?? [];
  const ms = SPAN_MS[unit];
  if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 6h, 90m or 0m.');
  return Number(count) * ms;
}

function dollars(text: string): number {
  const amount = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text.trim()) && amount > 0) return amount;
  throw new InvalidArgumentError('It must be a number of dollars, such as 2.50.');
}
