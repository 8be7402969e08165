import { join } from 'node:path';
import type { Command } from 'commander';
import type { MonitorInstallReport } from '../../actions/install-supervisor.ts';
import type { MonitorRound } from '../../actions/monitor.ts';
import { type Cli, UsageError } from '../cli.ts';
import { duration } from '../durations.ts';
import { type SharedOptions, withSharedOptions } from '../shared-options.ts';

type MonitorOptions = SharedOptions & {
  once?: true;
  every: string;
  install?: true;
  uninstall?: true;
  dryRun?: true;
};

export function addMonitor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('monitor'))
    .description('bring back sessions of every project whose worker is gone, until it is ended')
    .option('--once', 'look once and end')
    .option('--every <seconds>', 'time between two looks', '10')
    .option('--install', 'let this machine run it by itself (systemd, launchd or cron)')
    .option('--uninstall', 'take that out again')
    .option('--dry-run', 'with both: only show what would be changed')
    .action(async (options: MonitorOptions) => {
      if (options.install && options.uninstall) throw wrong('--install and --uninstall exclude each other.');
      if (options.install || options.uninstall) await changeService(cli, options);
      else await watch(cli, options);
    });
}

async function watch(cli: Cli, options: MonitorOptions): Promise<void> {
  const everyMs = Number(options.every) * 1000;
  if (!(everyMs >= 1000)) throw wrong(`--every wants seconds from 1, not "${options.every}".`);
  const { lookAfterSessions, monitor } = await import('../../actions/monitor.ts');
  const context = await cli.actionContext();
  if (options.once) {
    const round = await lookAfterSessions(context);
    cli.output.result(round, () => roundWords(round) || `${round.sessions} sessions, none needs a worker`);
    return;
  }
  const every = duration(everyMs);
  if (cli.isInteractive)
    cli.output.say(`Looking at the sessions of every project every ${every}; Ctrl-C ends it.`);
  let last = '';
  const onRound = (round: MonitorRound) => {
    const words = roundWords(round);
    // What stays wrong is said once.
    if (words !== '' && words !== last) cli.output.say(words);
    last = words;
  };
  await monitor({ everyMs, signal: cli.interrupted, onRound }, context);
}

function roundWords({ needy, problems }: MonitorRound): string {
  const lines = needy.map(
    ({ session, revival, credentials }) =>
      `${session}: ${REVIVALS[revival]}${credentials === undefined ? '' : ` (${credentials})`}`,
  );
  return [...lines, ...problems].join('\n');
}

const REVIVALS = {
  launched: 'its worker was gone, a new one has been started',
  dies_again: 'its workers die again and again; see worker.stderr in its run folder, then resume it',
  other_payer:
    'its worker is gone, and it is left alone here: other credentials paid for it; look at it from where they are set, or resume it',
  read_only: 'its worker is gone; from inside a session nothing is started',
  not_needed: 'needs no worker',
} as const;

async function changeService(cli: Cli, options: MonitorOptions): Promise<void> {
  const { installMonitor, uninstallMonitor } = await import('../../actions/install-supervisor.ts');
  const context = await cli.actionContext();
  const program = join(cli.programsDir, 'samocode.js');
  const change = (dryRun: boolean) =>
    options.install ? installMonitor({ program, dryRun }, context) : uninstallMonitor({ dryRun }, context);
  const plan = await change(true);
  if (options.dryRun || plan.outcome === 'nothing_to_do') {
    cli.output.result(plan, () => reportWords(plan));
    return;
  }
  // Told before it is done: a command that fails half-way must not be the first that is heard of it.
  cli.output.say(plan.steps.join('\n'));
  const report = await change(false);
  cli.output.result(report, () => `Done. ${report.next ?? ''}`.trim());
}

function reportWords({ outcome, services, steps }: MonitorInstallReport): string {
  if (outcome === 'nothing_to_do') return `Nothing to do${services.length > 0 ? ` (${services[0]})` : ''}.`;
  return ['This would be done:', ...steps].join('\n');
}

function wrong(problem: string): UsageError {
  return new UsageError('The monitor was not started.', problem, 'See "samocode monitor --help".');
}
