import type { Command } from 'commander';
import type { SessionWorktree, Worktrees } from '../../../actions/clean-up/worktrees.ts';
import { isoUtc } from '../../../base/clock.ts';
import { age } from '../../../base/durations.ts';
import { grid, tabSeparated } from '../../rendering/grid.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';
import { fitLine } from '../../terminal/style.ts';
import { sizeWords } from './size-words.ts';

type WorktreesOptions = SharedOptions & { prune?: true };

export function addWorktrees(program: Command, cli: Cli): void {
  withSharedOptions(program.command('worktrees'))
    .description('Show the worktrees of sessions with size and age, and what was discarded')
    .option('--prune', 'remove those of done, archived and vanished sessions, where no work is lost')
    .action((options: WorktreesOptions) => worktrees(cli, options));
}

async function worktrees(cli: Cli, options: WorktreesOptions): Promise<void> {
  const { sessionWorktrees } = await import('../../../actions/clean-up/worktrees.ts');
  const context = await cli.actionContext();
  const found = await sessionWorktrees({ ...projectOf(options), prune: options.prune === true }, context);
  cli.output.result(found, () => wordsOf(found, cli, context.clock.now(), options));
}

function wordsOf(
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
      ? ['To remove those with which nothing is lost: samocode worktrees --prune']
      : []),
  ].join('\n');
}

function worktreeLines(all: readonly SessionWorktree[], output: Cli['output'], nowMs: number): string[] {
  const cells = all.map((worktree) => rowOf(worktree, nowMs));
  const places = all.map(({ path, kept = 'nothing would be lost' }) => [path, fitLine(kept, 300)] as const);
  if (!output.isLive) return cells.map((row, at) => tabSeparated([...row, ...(places[at] ?? [])]));
  const lines = grid(cells, { columns: output.columns, cut: { 2: 12, 4: 12 } });
  // A path is copied, so it is never cut.
  return lines.flatMap((line, at) => [line, output.style.dim(`  ${places[at]?.join(': ')}`)]);
}

function rowOf(worktree: SessionWorktree, nowMs: number): string[] {
  const { branch = 'no branch', session = 'no session', state = '', changedAtMs } = worktree;
  return [sizeWords(worktree.bytes), age(nowMs - changedAtMs), session, state, branch];
}
