import type { Command } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type ArchiveOptions = SharedOptions & { documents?: true; keep?: string[] };

export function addArchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('archive <session>'))
    .description('archive a session unless work would be lost; its branch is kept')
    .option('--documents', 'archive only its documents, so that it can take new work')
    .option('--keep <file...>', 'documents to leave in place (with --documents)')
    .action((session: string, options: ArchiveOptions) => archive(cli, session, options));
}

export function addUnarchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('unarchive <session>'))
    .description('restore a session from the archive')
    .action((session: string, options: SharedOptions) => unarchive(cli, session, options));
}

async function archive(cli: Cli, session: string, options: ArchiveOptions): Promise<void> {
  const { finishSession } = await import('../../actions/sessions/finish-session.ts');
  const keep = options.keep ?? [];
  const documentsOnly = options.documents === true || keep.length > 0;
  const how = documentsOnly ? 'archive_documents' : 'keep_branch';
  const input = { session, ...projectOf(options), how, keep } as const;
  const { view, place, moved } = await finishSession(input, await cli.actionContext());
  cli.output.result({ ...sessionFacts(view), place, moved }, () =>
    documentsOnly
      ? `${moved.length} documents of ${view.folder} are in ${place}.`
      : `${view.folder} is in ${place}; its branch is kept. To restore it: samocode unarchive ${handleOf(view.folder)}`,
  );
}

async function unarchive(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { finishSession } = await import('../../actions/sessions/finish-session.ts');
  const input = { session, ...projectOf(options), how: 'unarchive', keep: [] } as const;
  const { view } = await finishSession(input, await cli.actionContext());
  cli.output.result(
    sessionFacts(view),
    () => `${view.folder} is restored. To continue it: samocode resume ${handleOf(view.folder)}`,
  );
}
