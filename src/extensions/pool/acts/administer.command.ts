import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { harmless } from '../../../core/faces/terminal/style.ts';

interface Administering {
  database?: string;
}

const DATABASE = ['--database <url>', 'the database, with the login of an administrator'] as const;

export function addAdministration(pool: Command, cli: Cli): void {
  pool
    .command('prepare')
    .description('Make a PostgreSQL database ready for a pool, as its administrator')
    .option(...DATABASE)
    .action(async ({ database }: Administering) => {
      const { preparePool } = await import('./administer.act.ts');
      await preparePool(database, await cli.actionContext());
      const { good, accent } = cli.output.style;
      cli.output.result({ prepared: true }, () =>
        [
          `${good('✔')} The database is ready. Give each machine a login of its own:`,
          `  ${accent(`create role studio login password '…' in role samocode_hosts;`)}`,
          'Then, in a clone of the project on that machine:',
          `  ${accent('samocode pool join --remote <url> --database postgres://studio@…')}`,
        ].join('\n'),
      );
    });
  pool
    .command('remove <login>')
    .description('Shut a machine out of the pool; others may continue its sessions at once')
    .option(...DATABASE)
    .action(async (login: string, { database }: Administering) => {
      const { removeMachine } = await import('./administer.act.ts');
      const sessions = await removeMachine({ database, login }, await cli.actionContext());
      const { good, attention } = cli.output.style;
      cli.output.result({ login, sessions }, () =>
        [
          `${good('✔')} ${harmless(login)} can no longer log in, and its connections have ended.`,
          ...sessions.map((session) => `  Other machines may take ${harmless(session)} now.`),
          `${attention('!')} Take its login away from the git remote, too.`,
        ].join('\n'),
      );
    });
}
