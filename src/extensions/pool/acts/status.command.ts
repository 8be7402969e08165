import type { Command } from 'commander';
import { age } from '../../../core/kernel/durations.ts';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import { grid, hanging } from '../../../core/kit/terminal/columns.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/kit/terminal/shared-options.ts';
import { harmless } from '../../../core/kit/terminal/style.ts';
import { sessionFacts } from '../../../core/session/facts.ts';
import { stateText } from '../../../core/session/words.ts';
import type { KnownMachine } from './members.act.ts';
import type { PoolSession } from './status.act.ts';

/** Adds `samocode pool status`, which is also what `samocode pool` does. */
export function addStatus(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('status', { isDefault: true }))
    .description('Show the machines, sessions and problems of the pool')
    .action(async (options: SharedOptions) => {
      const { poolStatus } = await import('./status.act.ts');
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
}

function shownMember({ name, id, person, fingerprint, standing, isSelf }: KnownMachine) {
  return { name, id, person, fingerprint, standing, isSelf };
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

/** Fingerprints are shown whole, on lines that are not cut. */
function membersTable(cli: Cli, members: readonly KnownMachine[]): string {
  const rows = members.map(({ name, standing, isSelf }) => {
    const self = isSelf ? ', this machine' : '';
    return [harmless(name), `${STANDINGS[standing]}${self}`];
  });
  const lines = grid(rows, { columns: cli.output.columns, cut: { 0: 12 } });
  return lines
    .flatMap((line, at) => {
      const { name, fingerprint, standing } = members[at] as KnownMachine;
      const add = `samocode pool add ${fingerprint} --name ${harmless(name)}`;
      return [line, `  ${standing === 'waits' ? add : fingerprint}`];
    })
    .join('\n');
}

const STANDINGS: Readonly<Record<KnownMachine['standing'], string>> = {
  owner: 'owner',
  member: 'member',
  waits: 'waits for an owner to add it',
  removed: 'removed',
};
