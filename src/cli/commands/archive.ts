import type { Command } from 'commander';
import type { FinishSessionInput } from '../../actions/sessions/look-at-finish.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { handleOf } from '../../session/layout/names.ts';
import { isAgreed } from '../asking/ask-preview.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type ArchiveOptions = SharedOptions & { documents?: true; keep?: string[]; yes?: true };

export function addArchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('archive <session>'))
    .description('Archive a session unless work would be lost; its branch is kept')
    .option('--documents', 'archive only its documents, so that it can take new work')
    .option('--keep <file...>', 'documents to leave in place (with --documents)')
    .option('-y, --yes', 'do not ask')
    .action((session: string, options: ArchiveOptions) => archive(cli, session, options));
}

export function addUnarchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('unarchive <session>'))
    .description('Restore a session from the archive')
    .action((session: string, options: SharedOptions) => unarchive(cli, session, options));
}

async function archive(cli: Cli, session: string, options: ArchiveOptions): Promise<void> {
  const { finishSession } = await import('../../actions/sessions/finish-session.ts');
  const keep = options.keep ?? [];
  const documentsOnly = options.documents === true || keep.length > 0;
  const how = documentsOnly ? 'archive_documents' : 'keep_branch';
  const asked = { session, ...projectOf(options), how, keep } as const;
  const input = options.yes ? { ...asked, isExact: true } : await wanted(cli, asked);
  if (input === undefined) return;
  const { view, place, moved } = await finishSession(input, await cli.actionContext());
  cli.output.result({ ...sessionFacts(view), place, moved }, () =>
    documentsOnly
      ? `${moved.length} documents of ${view.folder} are in ${place}.`
      : `${view.folder} is in ${place}; its branch is kept. To restore it: samocode unarchive ${handleOf(view.folder)}`,
  );
}

/** With the whole name of the session that was shown: another one may come to be what was typed. */
async function wanted(cli: Cli, input: FinishSessionInput): Promise<FinishSessionInput | undefined> {
  const { previewFinish } = await import('../../actions/sessions/preview-finish.ts');
  const preview = await previewFinish(input, await cli.actionContext());
  const { folder } = preview.view;
  const title = input.how === 'keep_branch' ? `Archive ${folder}` : `Archive documents of ${folder}`;
  const keep = input.keep.map((name) => ` ${shellWord(name)}`).join('');
  const options = `${input.how === 'keep_branch' ? '' : ' --documents'}${keep && ` --keep${keep}`}`;
  const command = `samocode archive ${shellWord(folder)}${options} --yes`;
  const isYes = await isAgreed(cli, { preview, title, command, facts: { how: input.how } });
  return isYes ? { ...input, session: folder, isWholeName: true } : undefined;
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
