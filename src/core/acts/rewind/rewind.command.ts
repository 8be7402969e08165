import { type Command, Option } from 'commander';
import { confirmPreview } from '../../faces/terminal/ask-preview.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { handleOf } from '../../session/layout/names.ts';
import type { RewindQuestion } from './preview-rewind.act.ts';

type RewindOptions = SharedOptions & { to?: number; undo?: true; yes?: true };

export function addRewind(program: Command, cli: Cli): void {
  withSharedOptions(program.command('rewind <session>'))
    .description('Rewind a session to the end of an iteration, or list its checkpoints')
    .addOption(
      new Option('--to <iteration>', 'rewind to the end of this iteration; 0 is before the first')
        .argParser(numberOption(0, 'the number of an iteration'))
        .conflicts('undo'),
    )
    .option('--undo', 'undo the last rewind')
    .option('-y, --yes', 'do not ask')
    .action(async (session: string, options: RewindOptions) => {
      const to = options.undo ? ('undo' as const) : options.to;
      if (to === undefined) return await list(cli, session, options);
      const { rewindSession } = await import('./rewind-session.act.ts');
      const input = await confirmed(
        cli,
        { session, ...projectOf(options), to, isExact: options.yes },
        options,
      );
      if (input === undefined) return;
      const { view, done, ...rewound } = await rewindSession(input, await cli.actionContext());
      const leftOut = rewound.leftAsTheyAre.slice(0, MAX_NAMED).map((path) => fitLine(path));
      printDone(
        cli,
        { view, done },
        {
          facts: { outcome: 'rewound', ...rewound },
          lines: [
            ...(leftOut.length > 0 ? [`Not changed: ${leftOut.join(', ')}`] : []),
            `To undo: samocode rewind ${handleOf(view.folder)} --undo`,
          ],
        },
      );
    });
}

const MAX_NAMED = 10;

async function confirmed(cli: Cli, input: RewindQuestion, { yes }: RewindOptions) {
  const { previewRewind } = await import('./preview-rewind.act.ts');
  const preview = await previewRewind(input, await cli.actionContext());
  const { folder } = preview.view;
  const target = input.to === 'undo' ? '--undo' : `--to ${input.to}`;
  const title = `Rewind ${folder}`;
  const command = `samocode rewind ${shellWord(folder)} ${target} --yes`;
  const agreed = await confirmPreview(cli, { preview, title, command, facts: { to: input.to }, yes });
  return agreed && { ...input, ...agreed };
}

async function list(cli: Cli, session: string, options: RewindOptions): Promise<void> {
  const { listCheckpoints } = await import('./rewind-session.act.ts');
  const { grid } = await import('../../faces/terminal/columns.ts');
  const { view, kept } = await listCheckpoints({ session, ...projectOf(options) }, await cli.actionContext());
  const short = handleOf(view.folder);
  cli.output.result({ session: view.folder, kept }, () =>
    kept.length === 0
      ? `${view.folder} has no checkpoint yet.`
      : [
          ...grid(
            kept.map(({ iteration, phase, lastAction = '' }) => [
              String(iteration).padStart(3),
              iteration === 0 ? '' : phase,
              iteration === 0 ? 'before the first iteration' : fitLine(lastAction.split('\n')[0] ?? ''),
            ]),
            { columns: cli.output.textColumns, cut: { 1: 6, 2: 12 } },
          ),
          // In a pipe, print only the rows.
          ...(cli.output.isLive ? [`To rewind: samocode rewind ${short} --to <iteration>`] : []),
        ].join('\n'),
  );
}
