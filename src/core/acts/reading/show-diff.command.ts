import { type Command, Option } from 'commander';
import type { Cli } from '../../faces/terminal/cli.ts';
import { diffColours, formatMarkdown } from '../../faces/terminal/markdown.ts';
import { asItIs } from '../../faces/terminal/output.ts';
import { pagedResult } from '../../faces/terminal/pager.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withPager,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { harmless } from '../../faces/terminal/style.ts';
import { fromExtensions } from '../../kernel/extension.ts';

export function addShow(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('show <session> [document]')))
    .description('Read a document or the proof of a session, or list them')
    .action(async (session: string, name: string | undefined, options: SharedOptions) => {
      const { listDocuments, readDocument } = await import('./read-document.act.ts');
      const question = { session, ...projectOf(options) };
      if (name === undefined) {
        const { view, names } = await listDocuments(question, await cli.actionContext());
        const afterMerge = await fromExtensions('afterMerge')[0]?.textOf(view);
        const result = { session: view.folder, documents: names, ...(afterMerge && { afterMerge }) };
        // In a pipe, print only the names.
        const further = afterMerge && cli.output.isLive ? ['', afterMerge] : [];
        cli.output.result(result, () => [...names.map(harmless), ...further].join('\n'));
        return;
      }
      const shape = { style: cli.output.style, columns: cli.output.textColumns };
      if (name === 'proof') {
        const [{ readProofOf }, { proofMarkdown, renderProof }] = await Promise.all([
          import('../proof/read-proof.act.ts'),
          import('../../session/proof/proof-markdown.ts'),
        ]);
        const { view, proof } = await readProofOf(question, await cli.actionContext());
        // In a file or a pipe it is the whole proof, which can be verified; its data is no text for a screen.
        const text = cli.output.isLive ? renderProof(proof, 'full') : proofMarkdown(proof);
        await pagedResult(cli, { session: view.folder, proof: asItIs(proof) }, () =>
          formatMarkdown(text, shape),
        );
        return;
      }
      const { view, ...document } = await readDocument({ ...question, name }, await cli.actionContext());
      await pagedResult(cli, { session: view.folder, ...document }, () => {
        if (!('text' in document))
          return harmless(`${document.name} is not text: ${document.sizeBytes} bytes, at ${document.path}`);
        return document.name.endsWith('.md')
          ? formatMarkdown(document.text, shape)
          : harmless(document.text.replace(/\n$/, ''));
      });
    });
}

interface DiffOptions extends SharedOptions {
  iteration?: number;
  new?: true;
}

export function addDiff(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('diff <session> [path]')))
    .description('List the commits and changed files, or show the diff of a path')
    .option('--iteration <number>', 'since the end of this iteration instead of the base', numberOption(0))
    .addOption(
      new Option('--new', 'since you last ran this command, instead of since the base').conflicts(
        'iteration',
      ),
    )
    .action(async (session: string, path: string | undefined, options: DiffOptions) => {
      const { formatChanges, readChanges } = await import('./read-changes.act.ts');
      const { iteration, new: sinceLastSeen } = options;
      const asked = {
        session,
        ...projectOf(options),
        path,
        iteration,
        sinceLastSeen,
        markSeen: path === undefined,
      };
      const input = { ...asked, maxChars: MOST_CHARS };
      const { view, ...changes } = await readChanges(input, await cli.actionContext());
      const { style } = cli.output;
      await pagedResult(cli, { session: view.folder, ...changes }, () => {
        const words = formatChanges({ view, ...changes });
        if (changes.patch === undefined) return harmless(words);
        return changes.patch.text === ''
          ? `Nothing changed at ${path} since ${changes.since}; without a path the changed files are listed.`
          : diffColours(words, style);
      });
    });
}

const MOST_CHARS = 16_000_000;
