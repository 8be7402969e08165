import { type Command, Option } from 'commander';
import { type SessionFacts, sessionFacts } from '../../caller/facts/session-facts.ts';
import type { WorkerReport } from '../../caller/facts/worker-now.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { jsonFacts } from '../../faces/terminal/json-facts.ts';
import { exitStatusOf, formatStatus } from '../../faces/terminal/session-words.ts';
import {
  projectOf,
  type SharedOptions,
  wholeSeconds,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { harmless } from '../../faces/terminal/style.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { type GroupQuestion, SESSION_FILTERS, type SessionFilter } from './list-sessions.act.ts';
import { WAIT_UNTIL, type WaitResult, type WaitUntil } from './wait-for-change.act.ts';

export function addList(program: Command, cli: Cli): void {
  withSharedOptions(program.command('list'))
    .description('List sessions, those that need you first; a terminal shows at most ten that have ended')
    .option('--all', 'sessions of every project on this machine')
    .option('--archived', 'archived sessions')
    .option('--group <name>', 'sessions of this group')
    .addOption(new Option('--state <state>', 'only these sessions').choices(SESSION_FILTERS))
    .action((options: ListOptions) => showList(cli, options));
}

/** In a list, which asks no git, the status says whether there is anything to finish. */
function listedFacts(view: SessionView, report: WorkerReport | undefined): SessionFacts {
  const { next, ...facts } = sessionFacts(view, report);
  const toStatus = { act: 'read_status', session: view.folder } as const;
  return { ...facts, next: next.map((step) => (step.act === 'finish' ? toStatus : step)) };
}

type ListOptions = SharedOptions & { all?: true; archived?: true; group?: string; state?: SessionFilter };

async function showList(cli: Cli, options: ListOptions): Promise<void> {
  const { listSessions, projectOfListed, whoseSessions } = await import('./list-sessions.act.ts');
  const { formatList } = await import('../../faces/terminal/session-words.ts');
  const { planLines } = await import('../../caller/facts/plan-text.ts');
  const context = await cli.actionContext();
  const filter = options.archived ? 'archived' : options.state;
  const input = { ...projectOf(options), allProjects: options.all, filter, group: options.group } as const;
  const list = await listSessions(input, context);
  const facts = list.sessions.map((view) => ({
    ...listedFacts(view, list.workers.get(view)),
    project: projectOfListed(list, view),
  }));
  const whose = whoseSessions(list, input);
  if (whose !== undefined) cli.output.warn(whose);
  const { groupSays, unimported, held } = list;
  for (const text of [...unimported, ...held]) cli.output.warn(text);
  const isWhole = filter !== undefined || options.group !== undefined;
  const plans = await planLines(list.sessions, context);
  const sessionsDirs = list.places.map(({ sessionsDir }) => sessionsDir);
  cli.output.result(
    {
      sessionsDirs,
      sessions: facts.map(jsonFacts),
      ...(groupSays.length > 0 && { groupSays }),
      ...(plans.length > 0 && { plans }),
      ...(unimported.length > 0 && { unimported }),
      ...(held.length > 0 && { held }),
    },
    () =>
      [
        // In a pipe, print only the rows.
        ...(cli.output.isLive ? groupSays : []),
        formatList(facts, cli.output, { nowMs: context.clock.now(), isWhole }),
        ...(cli.output.isLive ? plans : []),
      ].join('\n'),
  );
}

export function addStatus(program: Command, cli: Cli): void {
  withSharedOptions(program.command('status [session]'))
    .description('Show what a session is doing, or list all sessions')
    .option('--group <name>', "show the progress of this group's sessions")
    .action((session: string | undefined, options: ListOptions) => showStatus(cli, session, options));
}

export async function showStatus(cli: Cli, session: string | undefined, options: ListOptions): Promise<void> {
  const { group } = options;
  if (session !== undefined && group !== undefined)
    throw CLI_ERRORS.usage({ why: 'A session and --group exclude each other.', hint: 'Give one of them.' });
  if (group !== undefined) return await showGroup(cli, { group, ...projectOf(options) });
  if (session === undefined) return await showList(cli, options);
  const { getStatus } = await import('../../caller/facts/get-status.ts');
  const context = await cli.actionContext();
  const report = await getStatus({ session, ...projectOf(options) }, context);
  const facts = sessionFacts(report.view, report);
  cli.output.result(jsonFacts(facts), () => formatStatus(facts, cli, { nowMs: context.clock.now() }));
}

async function showGroup(cli: Cli, question: GroupQuestion): Promise<void> {
  const { readGroup } = await import('./list-sessions.act.ts');
  const { sessions, workers, groupSays } = await readGroup(question, await cli.actionContext());
  const facts = sessions.map((view) => jsonFacts(listedFacts(view, workers.get(view))));
  cli.output.result({ sessions: facts, groupSays }, () => groupSays.join('\n'));
}

type WaitOptions = SharedOptions & { until: WaitUntil; timeout?: number; group?: string };

export function addWait(program: Command, cli: Cli): void {
  withSharedOptions(program.command('wait [sessions...]'))
    .description('Wait until one of several sessions needs you or ends')
    .addOption(
      new Option(
        '--until <what>',
        'change: anything; attention: it needs you or ended; done: it ended; merged: its watched pull request is merged or closed',
      )
        .choices(WAIT_UNTIL)
        .default('attention'),
    )
    .option('--group <name>', 'all sessions of this group; done, merged: when that is true of all of them')
    .option('--timeout <seconds>', 'exit with status 1 after this time', wholeSeconds)
    .action(async (sessions: string[], { until, timeout, group, ...options }: WaitOptions) => {
      if ((sessions.length === 0) === (group === undefined))
        throw CLI_ERRORS.usage({
          why: 'Name at least one session, or use --group.',
          hint: 'For example: samocode wait --group tonight --until done',
        });
      const { waitForAny } = await import('./wait-for-change.act.ts');
      const context = await cli.actionContext();
      const input = {
        sessions,
        group,
        ...projectOf(options),
        until,
        timeoutMs: timeout === undefined ? Number.MAX_SAFE_INTEGER : timeout * 1000,
        signal: cli.interrupted,
      };
      const result = await waitForAny(input, context);
      const { view, changed, happened, groupSays = [] } = result;
      cli.leaveWith(statusOf(result, until));
      const facts = sessionFacts(view, result);
      const isGroupDone = group !== undefined && facts.state === 'done';
      cli.output.result(
        { ...jsonFacts(facts), cursor: result.cursor, changed, happened, groupSays: result.groupSays },
        () =>
          changed
            ? [
                ...happened.map(({ text }) => harmless(text)),
                ...groupSays,
                ...(isGroupDone ? [] : [formatStatus(facts, cli, { nowMs: context.clock.now() })]),
              ].join('\n')
            : [`That did not happen within ${timeout} s.`, ...groupSays].join('\n'),
      );
    });
}

/** `change` succeeds with a change, `merged` with a merge; otherwise the status says how the session ended. */
function statusOf({ view, changed }: WaitResult, until: WaitUntil): number {
  if (!changed) return EXIT.failed;
  const { status, pullRequest } = view.state;
  if (until === 'merged' && status.kind !== 'blocked')
    return pullRequest?.state === 'merged' ? EXIT.ok : EXIT.failed;
  return until === 'change' || status.kind === 'stopped' ? EXIT.ok : exitStatusOf(view);
}
