import { type Command, InvalidArgumentError } from 'commander';
import type { Prunable, PrunableKind, Pruned } from '../../../actions/clean-up/prune.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';
import { sizeWords } from './size-words.ts';

type PruneOptions = SharedOptions & { yes?: true; days?: number };

export function addPrune(program: Command, cli: Cli): void {
  withSharedOptions(program.command('prune'))
    .description('Show what old sessions still take up on disk; --yes removes it')
    .option('-y, --yes', 'remove what is shown')
    .option('--days <number>', 'keep what is younger than this (default: 30)', wholeDays)
    .action((options: PruneOptions) => prune(cli, options));
}

function wholeDays(text: string): number {
  if (!/^\d{1,5}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number of days, 0 or more.');
  return Number(text);
}

async function prune(cli: Cli, options: PruneOptions): Promise<void> {
  const { PRUNE_AFTER_DAYS, prune: pruneOld } = await import('../../../actions/clean-up/prune.ts');
  const { days = PRUNE_AFTER_DAYS, yes: remove = false } = options;
  const pruned = await pruneOld({ ...projectOf(options), days, remove }, await cli.actionContext());
  cli.output.result(pruned, () =>
    wordsOf(pruned, cli, { days, remove, typed: options.days === undefined ? '' : `--days ${days} ` }),
  );
}

const WHAT: Readonly<Record<PrunableKind, string>> = {
  iterations: 'prompts, transcripts and outputs of checks',
  checkpoints: 'checkpoints: it can no longer be rewound',
  trash: 'discarded more than 30 days ago',
  clone: 'left by checks that were interrupted',
  cache: 'made by SETUP for lock files that are no longer used',
};

function wordsOf(
  { found, removed }: Pruned,
  { output }: Cli,
  { days, remove, typed }: { days: number; remove: boolean; typed: string },
): string {
  const { good, dim } = output.style;
  if (found.length === 0)
    return days === 0
      ? 'Nothing to remove.'
      : `Nothing to remove: no session has been over for ${days} days.`;
  const line = ({ kind, name, bytes }: Prunable) => `${sizeWords(bytes)}  ${name}: ${dim(WHAT[kind])}`;
  const total = (list: readonly Prunable[]) =>
    sizeWords(list.reduce((sum, { bytes = 0 }) => sum + bytes, 0)).trim();
  if (!remove)
    return [
      ...found.map(line),
      `${total(found)} in all. Events, documents, proofs and branches stay.`,
      `To remove this: samocode prune ${typed}--yes`,
    ].join('\n');
  const needed = found.length - removed.length;
  return [
    ...removed.map((one) => `${good('✔')} ${line(one)}`),
    `${total(removed)} removed; git frees its part with its next "git gc".`,
    ...(needed > 0 ? [`${needed} of those shown are needed again and stay.`] : []),
  ].join('\n');
}
