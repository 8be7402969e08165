import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { sessionFacts } from '../session-facts.ts';
import { listWords } from '../session-words.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../shared-options.ts';

export function addList(program: Command, cli: Cli): void {
  withSharedOptions(program.command('list'))
    .description('all sessions; those that need you come first')
    .option('--all', 'of every project on this machine')
    .option('--archived', 'those that were put away')
    .action((options: ListOptions) => showList(cli, options));
}

type ListOptions = SharedOptions & { all?: true; archived?: true };

export async function showList(cli: Cli, options: ListOptions): Promise<void> {
  const { listSessions } = await import('../../actions/list-sessions.ts');
  const context = await cli.actionContext();
  const filter = options.archived ? 'archived' : undefined;
  const input = { ...projectOf(options), allProjects: options.all, filter } as const;
  const { sessionsDirs, sessions, dying } = await listSessions(input, context);
  const facts = sessions.map((view) => {
    const own = sessionFacts(view);
    return dying.includes(view) ? { ...own, needsHuman: true, problems: [...view.problems, DYING] } : own;
  });
  cli.output.result({ sessionsDirs, sessions: facts }, () =>
    listWords(facts, cli.output.style, context.clock.now()),
  );
}

const DYING = 'Its worker has died 3 times in 10 minutes: see worker.stderr in its run folder.';
