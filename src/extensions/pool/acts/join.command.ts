import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';

interface JoinOptions extends SharedOptions {
  remote?: string;
  database?: string;
  slots?: number;
  public?: true;
  name?: string;
}

export function addJoin(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('join'))
    .description("Let the machines of a pool continue each other's sessions")
    .option('--remote <url>', 'the git remote that carries the sessions of the pool')
    .option('--database <url>', "the PostgreSQL database of the pool, with this machine's own login")
    .option(
      '--slots <number>',
      'the number of sessions that may run at once (default: MAX_PARALLEL, or 2)',
      wholeNumber,
    )
    .option('--public', 'accept a remote that anyone can read')
    .option('--name <name>', 'the name of this machine in the pool (default: its host name)')
    .action((options: JoinOptions) => join(cli, options));
  withSharedOptions(pool.command('leave'))
    .description('Stop taking sessions, and give back each held one at its next pause')
    .action(async (options: SharedOptions) => {
      const { leavePool } = await import('./join.act.ts');
      const { remote, login } = await leavePool(projectOf(options), await cli.actionContext());
      const { good, accent } = cli.output.style;
      cli.output.result({ remote, leaving: true }, () =>
        [
          `${good('✔')} This machine takes no more sessions from ${remote}.`,
          ...(login === undefined
            ? []
            : [
                '  Those that it has are given back when they next wait or are done.',
                `  Then the administrator of the database removes it: ${accent(`samocode pool remove ${login}`)}`,
              ]),
        ].join('\n'),
      );
    });
}

async function join(cli: Cli, options: JoinOptions): Promise<void> {
  const { joinPool } = await import('./join.act.ts');
  const { public: isPublic, remote, database, slots, name } = options;
  const input = { ...projectOf(options), remote, database, slots, name, isPublic };
  const joined = await joinPool(input, await cli.actionContext());
  const { good, accent } = cli.output.style;
  cli.output.result({ remote: joined.remote, name: joined.name, login: joined.login }, () =>
    [
      `${good('✔')} This machine is ${accent(joined.name)} in the pool at ${joined.remote}.`,
      `  Its login in the database: ${joined.login}`,
      `  The machines of the pool: ${accent('samocode pool status')}`,
      `  A session for any of them: ${accent('samocode start --pool --task "…"')}`,
    ].join('\n'),
  );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
