import { type Command, Option } from 'commander';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { SupervisorInstallReport } from '../../machine/service/service.ts';
import type { SupervisorEnd } from '../../supervisor/run-supervisor.ts';
import type { SupervisorFacts } from '../rendering/supervisor-words.ts';
import type { Cli } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type SupervisorOptions = SharedOptions & {
  status?: true;
  install?: true;
  uninstall?: true;
  dryRun?: true;
};

export function addSupervisor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('supervisor'))
    .description('Watch all waiting sessions, in this terminal or as a service')
    .addOption(
      new Option('--status', 'show whether one runs, and what each session waits for').conflicts([
        'install',
        'uninstall',
      ]),
    )
    .addOption(
      new Option('--install', 'install it as a user service (systemd or launchd)').conflicts('uninstall'),
    )
    .option('--uninstall', 'remove that service')
    .option('--dry-run', 'with --install or --uninstall: only show what would change')
    .action(async (options: SupervisorOptions) => {
      if (options.status) await showStatus(cli);
      else if (options.install || options.uninstall) await changeService(cli, options);
      else await watch(cli);
    });
}

async function showStatus(cli: Cli): Promise<void> {
  const context = await cli.actionContext();
  const { supervisorWords } = await import('../rendering/supervisor-words.ts');
  const facts = await readFacts(context);
  cli.output.result(facts, () => supervisorWords(facts, cli.output, context.clock.now()));
}

async function readFacts(context: ActionContext): Promise<SupervisorFacts> {
  const [{ readSupervisorStatus }, { installedSupervisor }, { supervisorFacts }] = await Promise.all([
    import('../../supervisor/supervisor-status.ts'),
    import('../../machine/service/service.ts'),
    import('../rendering/supervisor-words.ts'),
  ]);
  const service = (await installedSupervisor(context))?.service;
  return supervisorFacts(await readSupervisorStatus(context), service, context.clock.now());
}

const ENDS: Readonly<Record<Exclude<SupervisorEnd, 'held'>, string>> = {
  ended: 'Ended. The next act on a session starts a new supervisor.',
  nothing_to_watch: 'Ended: no session works or waits.',
  lost: 'Ended: another supervisor has taken over.',
  asked_to_leave: 'Ended: a supervisor of a newer version, or the service, takes over.',
  program_replaced: 'Ended: samocode was upgraded, and the new version continues in the background.',
};

async function watch(cli: Cli): Promise<void> {
  const [{ newSupervisor }, { refuseFromInside }] = await Promise.all([
    import('../../supervisor/supervisor.ts'),
    import('../../actions/acting/refuse-from-inside.ts'),
  ]);
  const context = await cli.actionContext();
  await refuseFromInside(context);
  const supervisor = newSupervisor(context, (text) => cli.output.say(`${timeOfDay(context)}  ${text}`));
  const facts = await readFacts(context);
  if (facts.running) return sayRunning(cli, facts);
  if (facts.unwritable !== undefined) throw CLI_ERRORS.supervisor_folder({ problem: facts.unwritable });
  const [{ runSupervisor }, { watchedWords }] = await Promise.all([
    import('../../supervisor/run-supervisor.ts'),
    import('../rendering/supervisor-words.ts'),
  ]);
  cli.output.say(
    `Supervisor ${__VERSION__}, process ${process.pid}${cli.isInteractive ? '; Ctrl-C ends it' : ''}.`,
  );
  cli.output.say([...watchedWords(facts, cli.output, context.clock.now()), ''].join('\n'));
  const end = await runSupervisor(supervisor, { signal: endOf(cli), stays: true });
  if (end === 'held') return sayRunning(cli, await readFacts(context));
  cli.output.result({ outcome: end }, () => ENDS[end]);
}

async function sayRunning(cli: Cli, facts: SupervisorFacts): Promise<void> {
  const { runsWords } = await import('../rendering/supervisor-words.ts');
  const { clock } = await cli.actionContext();
  const { pid, version, since } = facts;
  const result = { outcome: 'runs_already', pid, version, since };
  cli.output.result(result, () =>
    [
      `A supervisor is already running${runsWords(facts, clock.now())}.`,
      'To see what it watches: samocode supervisor --status',
    ].join('\n'),
  );
}

/** Ctrl-C, or how a service manager and a closed terminal end a program. */
function endOf({ interrupted }: Cli): AbortSignal {
  const asked = new AbortController();
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => asked.abort());
  return AbortSignal.any([interrupted, asked.signal]);
}

function timeOfDay({ clock }: ActionContext): string {
  return new Date(clock.now()).toTimeString().slice(0, 8);
}

async function changeService(cli: Cli, options: SupervisorOptions): Promise<void> {
  const [{ installSupervisor, uninstallSupervisor }, { supervisorProgram }] = await Promise.all([
    import('../../machine/service/service.ts'),
    import('../../actions/acting/supervision.ts'),
  ]);
  const context = await cli.actionContext();
  const program = supervisorProgram(context.programs);
  const change = (dryRun: boolean) =>
    options.install
      ? installSupervisor({ program, dryRun }, context)
      : uninstallSupervisor({ dryRun }, context);
  const plan = await change(true);
  if (options.dryRun || plan.outcome === 'nothing_to_do') {
    cli.output.result(plan, () => reportWords(plan));
    return;
  }
  // Before it is done: what a failure has left half done is then on the screen.
  cli.output.say(plan.steps.join('\n'));
  const report = await change(false);
  cli.output.result(report, () => `Done. ${report.next ?? ''}`.trim());
}

function reportWords({ outcome, services, steps }: SupervisorInstallReport): string {
  if (outcome === 'nothing_to_do') return `Nothing to do${services.length > 0 ? ` (${services[0]})` : ''}.`;
  return ['This would be done:', ...steps].join('\n');
}
