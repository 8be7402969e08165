import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { harmless } from '../../../core/faces/terminal/style.ts';

interface AddOptions extends SharedOptions {
  name?: string;
  owner?: true;
  as?: string;
}

export function addMembers(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('add <fingerprint>'))
    .description('Add a machine that has asked to join, or change a member')
    .option('--name <name>', 'its name in the pool (default: the one that it asked for)')
    .option('--owner', 'it may add and remove members, too')
    .option(
      '--as <person>',
      'the person to whom its acts are attributed, for GATE_PEOPLE (default: its name)',
    )
    .action((fingerprint: string, options: AddOptions) => add(cli, fingerprint, options));
  withSharedOptions(pool.command('remove <name>'))
    .description('Remove a member; others may continue its sessions at once')
    .action((name: string, options: SharedOptions) => remove(cli, name, options));
}

async function add(
  cli: Cli,
  fingerprint: string,
  { name, owner, as, ...options }: AddOptions,
): Promise<void> {
  const { addMember } = await import('./members.act.ts');
  const input = { ...projectOf(options), fingerprint, name, owner, as };
  const added = await addMember(input, await cli.actionContext());
  const { good, accent } = cli.output.style;
  const result = { id: added.id, name: added.name, person: added.person, owner: added.owner ?? false };
  cli.output.result(result, () =>
    [
      `${good('✔')} ${accent(harmless(added.name))} is ${added.owner ? 'an owner' : 'a member'} of the pool.`,
      '  It takes part within a minute; the others accept its sessions then.',
    ].join('\n'),
  );
}

async function remove(cli: Cli, name: string, options: SharedOptions): Promise<void> {
  const { removeMember } = await import('./members.act.ts');
  const { member, sessions, added, login } = await removeMember(
    { ...projectOf(options), name },
    await cli.actionContext(),
  );
  const { good, attention, accent } = cli.output.style;
  const names = added.map((each) => each.name);
  cli.output.result({ id: member.id, name: member.name, sessions, added: names, login }, () =>
    [
      `${good('✔')} ${accent(harmless(member.name))} is removed: what it publishes from now on is not used.`,
      `${attention('!')} Take its login away from the git remote, too.`,
      ...(login === undefined
        ? []
        : [`${attention('!')} ${accent(harmless(endOfLogin(login)))}`, LOGIN_HINT]),
      ...sessions.map((session) => `  Other machines may take ${harmless(session)} now.`),
      ...names.map(
        (each) => `${attention('!')} It had added ${each}: ${accent(`samocode pool remove ${each}`)}`,
      ),
    ].join('\n'),
  );
}

const LOGIN_HINT =
  '  Run these in the database, if no other machine uses that login: with it, answers can still be sent.';

/** A role that may no longer log in keeps its open connections. */
function endOfLogin(login: string): string {
  const [name, text] = [login.replaceAll('"', '""'), login.replaceAll("'", "''")];
  return `alter role "${name}" nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = '${text}';`;
}
