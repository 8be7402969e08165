import type { Command } from 'commander';
import type { Cli } from '../../faces/terminal/cli.ts';
import { grid, tabSeparated } from '../../faces/terminal/columns.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import { isoUtc } from '../../kernel/clock.ts';
import { age } from '../../kernel/durations.ts';
import type { Prunable, PrunableKind, Pruned } from './prune.act.ts';
import type { SessionWorktree, Worktrees } from './worktrees.act.ts';

type PruneOptions = SharedOptions & { yes?: true; days?: number };

export function addPrune(program: Command, cli: Cli): void {
  withSharedOptions(program.command('prune'))
    .description('Show the disk space that old sessions still take up; --yes frees it')
    .option('-y, --yes', 'remove what is shown')
    .option(
      '--days <number>',
      'keep sessions and caches younger than this many days (default: 30)',
      numberOption(0, 'a whole number of days, 0 or more'),
    )
    .action(async (options: PruneOptions) => {
      const { PRUNE_AFTER_DAYS, prune: pruneOld } = await import('./prune.act.ts');
      const { days = PRUNE_AFTER_DAYS, yes: remove = false } = options;
      const pruned = await pruneOld({ ...projectOf(options), days, remove }, await cli.actionContext());
      cli.output.result(pruned, () =>
        formatPruned(pruned, cli, {
          days,
          remove,
          typed: options.days === undefined ? '' : `--days ${days} `,
        }),
      );
    });
}

const WHAT: Readonly<Record<PrunableKind, string>> = {
  iterations: 'prompts, transcripts and outputs of checks',
  checkpoints: 'checkpoints; without them the session cannot be rewound',
  clone: 'left by checks that were interrupted',
  cache: 'kept for base commits that are no longer used',
};

function formatPruned(
  { found, removed }: Pruned,
  { output }: Cli,
  { days, remove, typed }: { days: number; remove: boolean; typed: string },
): string {
  const { good, dim } = output.style;
  if (found.length === 0)
    return days === 0
      ? 'Nothing to remove.'
      : `Nothing to remove: no session ended more than ${days} days ago.`;
  const line = ({ kind, name, bytes }: Prunable) => `${sizeText(bytes)}  ${name}: ${dim(WHAT[kind])}`;
  const total = (list: readonly Prunable[]) =>
    sizeText(list.reduce((sum, { bytes = 0 }) => sum + bytes, 0)).trim();
  if (!remove)
    return [
      ...found.map(line),
      `${total(found)} in all. Events, documents, proofs and branches are kept.`,
      `To remove this: samocode prune ${typed}--yes`,
    ].join('\n');
  const needed = found.length - removed.length;
  return [
    ...removed.map((one) => `${good('✔')} ${line(one)}`),
    `${total(removed)} removed; git frees the space of checkpoints at its next "git gc".`,
    ...(needed > 0 ? [`Kept, because their sessions have continued: ${needed} of those shown.`] : []),
  ].join('\n');
}

type WorktreesOptions = SharedOptions & { prune?: true };

export function addWorktrees(program: Command, cli: Cli): void {
  withSharedOptions(program.command('worktrees'))
    .description('Show the worktrees of sessions with size and age, and what was discarded')
    .option(
      '--prune',
      'remove those of done, archived and vanished sessions that contain no unsaved work; those made by hand stay',
    )
    .action(async (options: WorktreesOptions) => {
      const { sessionWorktrees } = await import('./worktrees.act.ts');
      const context = await cli.actionContext();
      const found = await sessionWorktrees({ ...projectOf(options), prune: options.prune === true }, context);
      cli.output.result(found, () => formatWorktrees(found, cli, context.clock.now(), options));
    });
}

function formatWorktrees(
  { worktrees: all, trash, removed, emptied }: Worktrees,
  { output }: Cli,
  nowMs: number,
  { prune }: WorktreesOptions,
): string {
  const { good } = output.style;
  const free = all.filter(({ kept }) => kept === undefined);
  return [
    ...removed.map((path) => `${good('✔')} removed ${path}`),
    ...emptied.map((ref) => `${good('✔')} removed ${ref} from the trash`),
    ...worktreeLines(all, output, nowMs),
    ...trash.map(({ ref, session = ref, untilMs }) => {
      const until = isoUtc(untilMs).slice(0, 10);
      return `discarded: ${session}, kept as ${ref} until ${until}`;
    }),
    ...(all.length + trash.length + removed.length === 0 ? ['No session has a worktree.'] : []),
    ...(free.length > 0 && !prune && output.isLive
      ? ['To remove those that contain no unsaved work: samocode worktrees --prune']
      : []),
  ].join('\n');
}

function worktreeLines(all: readonly SessionWorktree[], output: Cli['output'], nowMs: number): string[] {
  const cells = all.map((worktree) => rowOf(worktree, nowMs));
  const places = all.map(
    ({ path, kept = 'contains no unsaved work' }) => [path, fitLine(kept, 300)] as const,
  );
  if (!output.isLive) return cells.map((row, at) => tabSeparated([...row, ...(places[at] ?? [])]));
  const lines = grid(cells, { columns: output.columns, cut: { 2: 12, 4: 12 } });
  // A path is never truncated, because people copy it.
  return lines.flatMap((line, at) => [line, output.style.dim(`  ${places[at]?.join(': ')}`)]);
}

function rowOf(worktree: SessionWorktree, nowMs: number): string[] {
  const { branch = 'no branch', session = 'no session', state = '', changedAtMs } = worktree;
  return [sizeText(worktree.bytes), age(nowMs - changedAtMs), session, state, branch];
}

/** Nine columns wide, for example `   0.3 MB`. */
function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return '        ?';
  const megabytes = bytes / (1024 * 1024);
  const size = megabytes < 10 ? megabytes.toFixed(1) : String(Math.round(megabytes));
  return `${size} MB`.padStart(9);
}
