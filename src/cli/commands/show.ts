import type { Command } from 'commander';
import { pagedResult } from '../programs/pager.ts';
import { markdownWords } from '../rendering/markdown.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withPager, withSharedOptions } from '../terminal/shared-options.ts';
import { harmless } from '../terminal/style.ts';

export function addShow(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('show <session> [document]')))
    .description('Read a document or the proof of a session, or list them')
    .action((session: string, document: string | undefined, options: SharedOptions) =>
      show(cli, session, document, options),
    );
}

async function show(cli: Cli, session: string, name: string | undefined, options: SharedOptions) {
  const { listDocuments, readDocument } = await import('../../actions/reading/read-document.ts');
  const question = { session, ...projectOf(options) };
  if (name === undefined) {
    const { view, names } = await listDocuments(question, await cli.actionContext());
    cli.output.result({ session: view.folder, documents: names }, () => names.map(harmless).join('\n'));
    return;
  }
  const shape = { style: cli.output.style, columns: cli.output.textColumns };
  if (name === 'proof') {
    const { readProofOf } = await import('../../actions/reading/read-proof.ts');
    const { view, proof, text } = await readProofOf(question, await cli.actionContext());
    await pagedResult(cli, { session: view.folder, proof }, () => markdownWords(text, shape));
    return;
  }
  const { view, ...document } = await readDocument({ ...question, name }, await cli.actionContext());
  await pagedResult(cli, { session: view.folder, ...document }, () => {
    if (!('text' in document))
      return harmless(`${document.name} is not text: ${document.sizeBytes} bytes, at ${document.path}`);
    return document.name.endsWith('.md')
      ? markdownWords(document.text, shape)
      : harmless(document.text.replace(/\n$/, ''));
  });
}
