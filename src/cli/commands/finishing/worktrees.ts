import type { Command } from 'commander';
import type { Worktrees } from '../../../actions/clean-up/worktrees.ts';
import { isoUtc } from '../../../base/clock.ts';
import { duration } from '../../../base/durations.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';
import { fitLine } from '../../terminal/style.ts';
import { sizeWords } from './size-words.ts';

type WorktreesOptions = SharedOptions & { prune?: true };

export function addWorktrees(program: Command, cli: Cli): void {
  withSharedOptions(program.command('worktrees'))
    .description('show the worktrees of sessions with size and age, and what was discarded')
    .option('--prune', 'remove those of done, archived and vanished sessions with which nothing is lost')
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
  const { good, dim } = output.style;
  const free = all.filter(({ kept }) => kept === undefined);
  return [
    ...removed.map((path) => `${good('✔')} removed ${path}`),
    ...emptied.map((ref) => `${good('✔')} removed ${ref} from the trash`),
    ...all.flatMap((worktree) => {
      const { path, branch = 'no branch', session = 'no session', state, kept } = worktree;
      const why = kept === undefined ? 'nothing would be lost' : fitLine(kept, 300);
      return [
        `${sizeWords(worktree.bytes)}  ${duration(nowMs - worktree.changedAtMs)}  ${session}${state ? ` (${state})` : ''}, ${branch}`,
        dim(`  ${path}: ${why}`),
      ];
    }),
    ...trash.map(({ ref, session = ref, untilMs }) => {
      const until = isoUtc(untilMs).slice(0, 10);
      return `discarded: ${session}, kept as ${ref} until ${until}`;
    }),
    ...(all.length + trash.length + removed.length === 0 ? ['No session has a worktree.'] : []),
    ...(free.length > 0 && !prune
      ? ['To remove those with which nothing is lost: samocode worktrees --prune']
      : []),
  ].join('\n');
}
