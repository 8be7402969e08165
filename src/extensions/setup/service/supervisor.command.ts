import { type Command, Option } from 'commander';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { channelTroubleText } from '../../../core/caller/facts/channel-state.ts';
import { type Cli, EXIT } from '../../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/faces/terminal/cli-errors.ts';
import { cutToColumns, hanging, table } from '../../../core/faces/terminal/columns.ts';
import type { Output } from '../../../core/faces/terminal/output.ts';
import { namedLines, type Row } from '../../../core/faces/terminal/session-words.ts';
import { type SharedOptions, withSharedOptions } from '../../../core/faces/terminal/shared-options.ts';
import { fitLine } from '../../../core/faces/terminal/style.ts';
import { duration } from '../../../core/kernel/durations.ts';
import { handleOf } from '../../../core/session/layout/names.ts';
import { spentFacts } from '../../../core/session/waits/day-spent.ts';
import { poolHost, viewFacts } from '../../../core/session/words/facts.ts';
import { stateLine, WORKER_GONE } from '../../../core/session/words/words.ts';
import type { SupervisorEnd } from '../../../core/supervisor/run.ts';
import type { SupervisorStatus, UnfinishedSession } from '../../../core/supervisor/status.ts';
import type { SupervisorInstallReport } from './service.ts';

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
  const facts = await readFacts(context);
  cli.output.result(facts, () => supervisorText(facts, cli.output, context.clock.now()));
}

async function readFacts(context: ActionContext): Promise<SupervisorFacts> {
  const [{ readSupervisorStatus }, { installedSupervisor }] = await Promise.all([
    import('../../../core/supervisor/status.ts'),
    import('./service.ts'),
  ]);
  const service = (await installedSupervisor(context))?.service;
  return supervisorFacts(await readSupervisorStatus(context), service, context.clock.now());
}

const ENDS: Readonly<Record<Exclude<SupervisorEnd, 'held'>, string>> = {
  ended: 'Ended. The next act on a session starts a new supervisor.',
  nothing_to_watch: 'Ended: no session is working or waiting.',
  lost: 'Ended: another supervisor has taken over.',
  asked_to_leave: 'Ended: a supervisor of a newer version takes over.',
  program_replaced: 'Ended: samocode was upgraded, and the new version continues in the background.',
};

async function watch(cli: Cli): Promise<void> {
  const [{ newSupervisor }, { refuseFromInside }] = await Promise.all([
    import('../../../core/supervisor/supervisor.ts'),
    import('../../../core/caller/context/refuse-from-inside.ts'),
  ]);
  const context = await cli.actionContext();
  await refuseFromInside(context);
  const supervisor = newSupervisor(context, (text) => cli.output.say(`${timeOfDay(context)}  ${text}`));
  const facts = await readFacts(context);
  if (facts.stays || facts.suspended !== undefined) return sayRunning(cli, facts);
  if (facts.unwritable !== undefined) throw CLI_ERRORS.supervisor_folder({ problem: facts.unwritable });
  const { runSupervisor } = await import('../../../core/supervisor/run.ts');
  cli.output.say(
    `Supervisor ${__VERSION__}, process ${process.pid}${cli.isInteractive ? '; Ctrl-C ends it' : ''}.`,
  );
  if (facts.running)
    cli.output.say(`It takes over from the one in the background${runsText(facts, context.clock.now())}.`);
  cli.output.say([...watchedText(facts, cli.output, context.clock.now()), ''].join('\n'));
  await cli.useSupervisorParts();
  const end = await runSupervisor(supervisor, { signal: endOf(cli), stays: true });
  if (end === 'held') return sayRunning(cli, await readFacts(context));
  cli.output.result({ outcome: end }, () => ENDS[end]);
}

/** It is kept: the installed service, one in another terminal, or one that could not leave. */
async function sayRunning(cli: Cli, facts: SupervisorFacts): Promise<void> {
  const nowMs = (await cli.actionContext()).clock.now();
  const { pid, version, since, suspended, stays, service } = facts;
  const who = stays ? (service ? 'The installed service' : 'A supervisor that stays') : 'Another supervisor';
  const kept = stays ? '' : ' It did not leave for this one: a newer version does not.';
  if (!stays || suspended !== undefined) cli.leaveWith(EXIT.failed);
  const result = { outcome: 'runs_already', pid, version, since, suspended, stays };
  cli.output.result(result, () =>
    [
      ...(suspended === undefined
        ? [`${who} is already running${runsText(facts, nowMs)}.${kept}`]
        : headText(facts, cli.output, nowMs)),
      'To see what it watches: samocode supervisor --status',
    ].join('\n'),
  );
}

/** Aborted by Ctrl-C and by the signals of a service manager and of a closed terminal. */
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
    import('./service.ts'),
    import('../../../core/caller/context/supervision.ts'),
  ]);
  const context = await cli.actionContext();
  const program = supervisorProgram(context.programs);
  const change = (dryRun: boolean) =>
    options.install
      ? installSupervisor({ program, dryRun }, context)
      : uninstallSupervisor({ dryRun }, context);
  const plan = await change(true);
  if (options.dryRun || plan.outcome === 'nothing_to_do') {
    cli.output.result(plan, () => reportText(plan));
    return;
  }
  // Printed first, so that the steps are on the screen if one of them fails.
  cli.output.say(plan.steps.join('\n'));
  const report = await change(false);
  cli.output.result(report, () => `Done. ${report.next ?? ''}`.trim());
}

function reportText({ outcome, services, steps }: SupervisorInstallReport): string {
  if (outcome === 'nothing_to_do') return `Nothing to do${services.length > 0 ? ` (${services[0]})` : ''}.`;
  return ['This would be done:', ...steps].join('\n');
}

/** `samocode supervisor --status --json`: a contract, so names change only with the version. */
export type SupervisorFacts = ReturnType<typeof supervisorFacts>;

export function supervisorFacts(status: SupervisorStatus, service: string | undefined, nowMs: number) {
  const { presence, paths, isOff, unwritable, sessionsDirs, problems, usdPerDay } = status;
  const running = presence.kind === 'watching' ? presence : undefined;
  return {
    running: running !== undefined,
    pid: running?.pid,
    suspended: running?.suspended,
    /** It runs as a service or in a terminal, also when nothing waits. */
    stays: running?.about?.stays,
    since: running?.since,
    version: running?.about?.version,
    program: running?.about?.program,
    /** `SAMOCODE_SUPERVISOR=off` is set here. */
    off: isOff || undefined,
    unwritable,
    service,
    folder: paths.dir,
    stateRoot: status.stateRoot,
    ...spentFacts(status.spentToday),
    maxUsdPerDay: usdPerDay,
    problems,
    channels: status.troubles,
    sessionsDirs,
    sessions: status.sessions.map((session) => unfinishedFacts(session, nowMs)),
  };
}

function unfinishedFacts(session: UnfinishedSession, nowMs: number) {
  const { view, waits, isDying } = session;
  const { status } = view.state;
  return {
    session: view.folder,
    sessionsDir: view.paths.sessionsDir,
    state: status.kind,
    /** What wakes it, in one word; `person`: only a person can. */
    waitsFor: isDying ? 'person' : waits.for,
    words: waitsText(session, nowMs),
    since: status.since,
    needsHuman: isDying || waits.for === 'edit' || waits.for === 'person',
  };
}

const PERSON = {
  other_supervisor: (name: string, host?: string) => {
    if (host !== undefined) return 'with the machines of its pool';
    return `last worked on by another machine, container or home: samocode resume ${name}`;
  },
  unseen: (name: string) => `whether its worker is alive cannot be seen from here: samocode takeover ${name}`,
  lost: (name: string) => `cannot be continued: samocode status ${name}`,
  newer: () => 'belongs to a newer version of samocode',
};

function waitsText({ view, waits, isDying }: UnfinishedSession, nowMs: number): string {
  const name = handleOf(view.folder);
  const when = (time: string) => `in ${duration(Date.parse(time) - nowMs)}`;
  switch (waits.for) {
    case 'its_worker':
      return `its worker is running (${view.state.progress.phase})`;
    case 'revival':
      return isDying
        ? `crash loop, see worker.stderr in its run folder: samocode status ${name}, then samocode resume ${name}`
        : `${WORKER_GONE}, and no new one has started yet`;
    case 'commands':
      return 'no worker has taken its command yet';
    case 'limit':
    case 'turn':
    case 'order':
    case 'edit':
    case 'pull_request':
      return fitLine(stateLine(viewFacts(view), { when }));
    case 'person':
      return PERSON[waits.why](name, poolHost(view));
    default:
      return waits satisfies never;
  }
}

/** `samocode supervisor --status`. */
export function supervisorText(facts: SupervisorFacts, output: Output, nowMs: number): string {
  const { style, textColumns: columns } = output;
  const { service, spentTodayUsd, spentTodayUnknown, maxUsdPerDay, problems, channels } = facts;
  const limit = maxUsdPerDay === undefined ? '' : ` of $${maxUsdPerDay.toFixed(2)}`;
  const known = spentTodayUsd || limit ? `$${(spentTodayUsd ?? 0).toFixed(2)} today${limit}` : undefined;
  const unknown = limit ? `: no agent starts under MAX_COST_USD_PER_DAY` : '';
  const spent =
    spentTodayUnknown === undefined ? known : `not known today${limit}: ${spentTodayUnknown}${unknown}`;
  const log =
    service === 'systemd' ? 'journalctl --user -u samocode-supervisor' : `${facts.folder}/supervisor.stderr`;
  const rows: Row[] = [
    ['program', facts.program],
    ['service', service],
    ['log', facts.running ? log : undefined],
    ['state', facts.stateRoot],
    ['spent', spent],
    ...channels.map((one): Row => ['notify', channelTroubleText(one)]),
    ['problems', problems.length > 0 ? problems.join(' ') : undefined],
  ];
  const shown = namedLines(rows, { style, columns });
  const head = headText(facts, output, nowMs).map((text) => hanging(text, { first: '', columns }));
  return [...head, ...shown, '', ...watchedText(facts, output, nowMs)].join('\n');
}

function headText(facts: SupervisorFacts, { style }: Output, nowMs: number): string[] {
  const { running, suspended, unwritable, sessions } = facts;
  if (suspended !== undefined)
    return [`${style.attention('The supervisor does nothing')}: ${suspended}. No notification is sent.`];
  if (running) return [`${style.good('The supervisor is running')}${runsText(facts, nowMs)}.`];
  const none = style.attention('No supervisor is running.');
  if (unwritable !== undefined)
    return [
      `${none} ${unwritable}: sessions still run, but nothing watches them and no notification is sent.`,
    ];
  const off = facts.off
    ? 'SAMOCODE_SUPERVISOR=off is set here, so nothing starts one.'
    : 'Any act on a session starts one; to run it in this terminal: samocode supervisor';
  if (sessions.length === 0) return [`${none} None is needed: no session is working or waiting.`];
  return [`${none} Nothing watches the sessions below. ${off}`];
}

/** Follows "is running": the process, or nothing while a service is starting. */
function runsText(
  { pid, version, since }: Pick<SupervisorFacts, 'pid' | 'version' | 'since'>,
  nowMs: number,
): string {
  if (pid === undefined || since === undefined) return '';
  return `: process ${pid}, version ${version ?? 'unknown'}, for ${duration(nowMs - Date.parse(since))}`;
}

/** The registered folders with their unfinished sessions. */
function watchedText(
  facts: SupervisorFacts,
  { style, textColumns: columns }: Output,
  nowMs: number,
): string[] {
  const { sessions, sessionsDirs } = facts;
  if (sessionsDirs.length === 0) return ['No folder of sessions is registered yet.'];
  const count =
    sessions.length === 0
      ? 'No session is working or waiting; these folders are watched'
      : `${sessions.length} ${sessions.length === 1 ? 'session is' : 'sessions are'} working or waiting`;
  const lines = sessionsDirs.flatMap((dir) => {
    const rows = sessions
      .filter(({ sessionsDir }) => sessionsDir === dir)
      .map(({ session, words, since, needsHuman }) => {
        const ago = `(${duration(nowMs - Date.parse(since))})`;
        const mark = needsHuman ? style.attention('●') : ' ';
        return [cutToColumns(`  ${mark} ${session}`, columns), `${words} ${ago}`] as const;
      });
    return [`  ${style.dim(dir)}`, ...table(rows, { columns, least: 40 })];
  });
  return [`${count}:`, ...lines];
}
