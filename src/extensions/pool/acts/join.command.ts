import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { harmless } from '../../../core/faces/terminal/style.ts';
import type { Joined, JoinQuestion } from './join.act.ts';

interface JoinOptions extends SharedOptions {
  remote?: string;
  database?: string;
  slots?: number;
  public?: true;
  name?: string;
  owner?: string;
  create?: true;
}

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
    .option('--name <name>', 'the name of this machine in the pool (default: its host name)')
    .option('--owner <fingerprint>', 'the whole fingerprint of an owner of the pool, which you have compared')
    .option('--create', 'create a pool at a remote that has no pool yet, with this machine as its owner')
    .action((options: JoinOptions) => join(cli, options));
  withSharedOptions(pool.command('leave'))
    .description('Stop taking sessions, and give back each held one at its next pause')
    .action(async (options: SharedOptions) => {
      const { leavePool } = await import('./join.act.ts');
      const { remote, name } = await leavePool(projectOf(options), await cli.actionContext());
      const { good, accent } = cli.output.style;
      cli.output.result({ remote, leaving: true }, () =>
        [
          `${good('✔')} This machine takes no more sessions from ${remote}.`,
          '  Those that it has are given back when they next wait or are done.',
          `  Then an owner removes it: ${accent(`samocode pool remove ${name}`)}`,
        ].join('\n'),
      );
    });
}

async function join(cli: Cli, options: JoinOptions): Promise<void> {
  const { joinPool } = await import('./join.act.ts');
  const { remote, database, slots, public: isPublic, name, owner, create } = options;
  const ask = cli.isInteractive ? (question: JoinQuestion) => asked(cli, question) : undefined;
  const joined = await joinPool(
    { ...projectOf(options), remote, database, slots, isPublic, name, owner, create, ask },
    await cli.actionContext(),
  );
  if (joined === undefined) return cli.output.result({ joined: false }, () => 'Nothing was changed.');
  const { membership, fingerprint, standing } = joined;
  const result = {
    remote: membership.remote,
    id: membership.id,
    name: membership.name,
    fingerprint,
    standing,
  };
  cli.output.result(result, () => joinedWords(cli, joined));
}

async function asked(cli: Cli, question: JoinQuestion): Promise<boolean> {
  const { askYesNo } = await import('../../../core/faces/terminal/ask.ts');
  return (await askYesNo(cli, questionText(question))) ?? false;
}

function questionText(question: JoinQuestion): string {
  switch (question.kind) {
    case 'create':
      return `There is no pool at ${question.url} yet. Create it, with this machine as its owner?`;
    case 'owner':
      return [
        `The list of members is signed by ${question.name} with the key`,
        question.fingerprint,
        `Sessions of members would run here with your logins. Does "samocode pool status" on ${question.name} show the same key?`,
      ].join('\n');
    default:
      return question satisfies never;
  }
}

function joinedWords(cli: Cli, { membership, fingerprint, standing, list }: Joined): string {
  const { good, accent, attention } = cli.output.style;
  const { name, remote } = membership;
  const owners = list.members.filter(({ owner }) => owner).map((owner) => harmless(owner.name));
  const next =
    standing === 'member'
      ? [`  A session for the pool: ${accent('samocode start --pool --task "…"')}`]
      : [
          `${attention('!')} It waits for an owner to add it. On ${owners.join(' or ')}:`,
          `  ${accent(`samocode pool add ${fingerprint} --name ${name}`)}`,
        ];
  return [
    `${good('✔')} This machine is ${accent(name)} in the pool at ${remote}.`,
    `  Its key: ${fingerprint}`,
    ...next,
  ].join('\n');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
