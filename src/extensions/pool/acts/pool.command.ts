import { type Command, InvalidArgumentError } from 'commander';
import { age } from '../../../core/kernel/durations.ts';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/kit/terminal/cli-errors.ts';
import { grid, hanging } from '../../../core/kit/terminal/columns.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/kit/terminal/shared-options.ts';
import { harmless } from '../../../core/kit/terminal/style.ts';
import { sessionFacts } from '../../../core/session/facts.ts';
import { stateText } from '../../../core/session/words.ts';
import type { PoolMember, PoolSession } from './pool.act.ts';

interface JoinOptions extends SharedOptions {
  remote?: string;
  database?: string;
  slots?: number;
  public?: true;
}

interface TrustOptions extends SharedOptions {
  as?: string;
  yes?: true;
}

/** Adds `samocode pool`, which lets another machine continue a session if its own fails. */
export function addPool(program: Command, cli: Cli): void {
  const pool = program.command('pool').description('Share sessions with other machines');
  withSharedOptions(pool.command('join'))
    .description("Let the machines of a pool continue each other's sessions")
    .option('--remote <url>', 'the git remote that stores the sessions of the pool')
    .option(
      '--database <url>',
      'the PostgreSQL database that assigns sessions to machines (default: the remote does)',
    )
    .option(
      '--slots <number>',
      'the number of sessions that may run at once (default: MAX_PARALLEL, or 2)',
      wholeNumber,
    )
    .option('--public', 'accept a remote that anyone can read')
    .action((options: JoinOptions) => join(cli, options));
  withSharedOptions(pool.command('leave'))
    .description('Stop taking sessions, and give back each held one at its next pause')
    .action(async (options: SharedOptions) => {
      const { leavePool } = await import('./pool.act.ts');
      const { remote } = await leavePool(projectOf(options), await cli.actionContext());
      const { good } = cli.output.style;
      cli.output.result({ remote, leaving: true }, () =>
        [
          `${good('✔')} This machine takes no more sessions from ${remote}.`,
          '  Those that it has are given back when they next wait or are done.',
        ].join('\n'),
      );
    });
  withSharedOptions(pool.command('status', { isDefault: true }))
    .description('Show the machines, sessions and problems of the pool')
    .action(async (options: SharedOptions) => {
      const { poolStatus } = await import('./pool.act.ts');
      const context = await cli.actionContext();
      const report = await poolStatus(projectOf(options), context);
      const rows = report.sessions.map(shownSession);
      const result = { members: report.members.map(shownMember), sessions: rows, problems: report.problems };
      cli.output.result(result, () => {
        const sessions = rows.map((row) => sessionRow(row, context.clock.now()));
        const { attention } = cli.output.style;
        const problems = report.problems.map((text) =>
          hanging(text, { first: `${attention('!')} `, columns: cli.output.textColumns }),
        );
        const parts = [
          membersTable(cli, report.members),
          grid(sessions, { columns: cli.output.columns, cut: { 0: 12, 2: 16 } }).join('\n'),
          problems.join('\n'),
        ];
        return parts.filter(Boolean).join('\n\n');
      });
    });
  withSharedOptions(pool.command('trust <machine>'))
    .description('Accept the sessions and acts of another machine on this one')
    .option(
      '--as <person>',
      'the person to whom its acts are attributed, for GATE_PEOPLE (default: its name)',
    )
    .option('-y, --yes', 'do not ask; the fingerprints have been compared')
    .action((machine: string, options: TrustOptions) => trust(cli, machine, options));
}

async function join(cli: Cli, options: JoinOptions): Promise<void> {
  const { joinPool } = await import('./pool.act.ts');
  const { remote, database, slots, public: isPublic } = options;
  const joined = await joinPool(
    { ...projectOf(options), remote, database, slots, isPublic },
    await cli.actionContext(),
  );
  const { membership, host, fingerprint, members } = joined;
  const { good, accent, attention } = cli.output.style;
  const untrusted = members.filter(({ isTrusted, isSelf }) => !isTrusted && !isSelf);
  const result = { remote: membership.remote, host, fingerprint, members: members.map(shownMember) };
  cli.output.result(result, () =>
    [
      `${good('✔')} This machine is ${accent(host.name)} (${host.id}) in the pool at ${membership.remote}.`,
      `  Its key: ${fingerprint}`,
      `  On each other machine, compare that with what this shows: ${accent(`samocode pool trust ${host.name}`)}`,
      ...untrusted.map(
        (member) => `${attention('!')} Not trusted here yet: ${accent(`samocode pool trust ${member.name}`)}`,
      ),
      `  A session for the pool: ${accent('samocode start --pool --task "…"')}`,
    ].join('\n'),
  );
}

async function trust(cli: Cli, machine: string, { yes, as, ...options }: TrustOptions): Promise<void> {
  const { memberNamed, trustMember } = await import('./pool.act.ts');
  const context = await cli.actionContext();
  const { fingerprint, name, isTrusted } = await memberNamed(machine, projectOf(options), context);
  const { good } = cli.output.style;
  if (!yes && !isTrusted) {
    const question = `${name} has the key ${fingerprint}.\nIts sessions would run here with your logins. Does "samocode pool join" on ${name} show the same?`;
    const { askYesNo } = await import('../../../core/kit/terminal/ask.ts');
    if (!cli.isInteractive) throw CLI_ERRORS.usage({ why: question, hint: 'Compare them, then add --yes.' });
    if (!(await askYesNo(cli, question)))
      return cli.output.result({ name, trusted: false }, () => 'Nothing was changed.');
  }
  await trustMember({ ...projectOf(options), member: machine, seen: fingerprint, as }, context);
  cli.output.result({ name, fingerprint, trusted: true }, () => `${good('✔')} ${name} is trusted here.`);
}

function shownMember({ name, id, fingerprint, isTrusted, isSelf }: PoolMember) {
  return { name, id, fingerprint, isTrusted, isSelf };
}

function shownSession({ session, view, host, publishedAt, unpublishedSince }: PoolSession) {
  // The machine is shown in its own column.
  const facts = view && { ...sessionFacts(view), host: undefined };
  const state = facts ? stateText(facts).brief : 'not shown here yet';
  return { session, host, state, publishedAt, unpublishedSince };
}

function sessionRow(
  { session, host, state, publishedAt, unpublishedSince }: ReturnType<typeof shownSession>,
  nowMs: number,
): string[] {
  const ago = (time: string) => age(nowMs - Date.parse(time));
  const published = publishedAt === undefined ? 'not published' : `published ${ago(publishedAt)} ago`;
  const lag = unpublishedSince === undefined ? '' : `, ${ago(unpublishedSince)} behind`;
  return [session, host ?? 'no machine', state, `${published}${lag}`].map(harmless);
}

function membersTable(cli: Cli, members: readonly PoolMember[]): string {
  const rows = members.map(({ name, id, fingerprint, isTrusted, isSelf }) => [
    ...[name, id, isSelf ? 'this machine' : isTrusted ? 'trusted' : 'not trusted'],
    fingerprint,
  ]);
  return grid(rows, { columns: cli.output.columns, cut: {} }).join('\n');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
