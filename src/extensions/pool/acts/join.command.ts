import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/kit/terminal/shared-options.ts';
import { shownMember } from './status.command.ts';

interface JoinOptions extends SharedOptions {
  remote?: string;
  database?: string;
  slots?: number;
  public?: true;
}

/** Adds `samocode pool join` and `leave`. */
export function addJoin(pool: Command, cli: Cli): void {
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
      const { leavePool } = await import('./join.act.ts');
      const { remote } = await leavePool(projectOf(options), await cli.actionContext());
      const { good } = cli.output.style;
      cli.output.result({ remote, leaving: true }, () =>
        [
          `${good('✔')} This machine takes no more sessions from ${remote}.`,
          '  Those that it has are given back when they next wait or are done.',
        ].join('\n'),
      );
    });
}

async function join(cli: Cli, options: JoinOptions): Promise<void> {
  const { joinPool } = await import('./join.act.ts');
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

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
