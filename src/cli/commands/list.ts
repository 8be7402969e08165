import { type Command, Option } from 'commander';
import { SESSION_FILTERS, type SessionFilter } from '../../actions/reading/session-filters.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

export function addList(program: Command, cli: Cli): void {
  withSharedOptions(program.command('list'))
    .description('List sessions; those that need you come first')
    .option('--all', 'sessions of every project on this machine')
    .option('--archived', 'archived sessions')
    .option('--group <name>', 'sessions of this group')
    .addOption(new Option('--state <state>', 'only these sessions').choices(SESSION_FILTERS))
    .action((options: ListOptions) => showList(cli, options));
}

type ListOptions = SharedOptions & { all?: true; archived?: true; group?: string; state?: SessionFilter };

export async function showList(cli: Cli, options: ListOptions): Promise<void> {
  const { listSessions, projectOfListed, whoseSessions } = await import(
    '../../actions/reading/list-sessions.ts'
  );
  const { listWords } = await import('../rendering/session-words.ts');
  const context = await cli.actionContext();
  const filter = options.archived ? 'archived' : options.state;
  const input = { ...projectOf(options), allProjects: options.all, filter, group: options.group } as const;
  const list = await listSessions(input, context);
  const facts = list.sessions.map((view) => {
    const project = projectOfListed(list, view);
    return { ...sessionFacts(view, list.workers.get(view)), ...(project !== undefined && { project }) };
  });
  const whose = whoseSessions(list, input);
  if (whose !== undefined) cli.output.warn(whose);
  const sessionsDirs = list.places.map(({ sessionsDir }) => sessionsDir);
  cli.output.result({ sessionsDirs, sessions: facts }, () =>
    listWords(facts, cli.output, context.clock.now()),
  );
}
