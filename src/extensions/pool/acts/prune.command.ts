import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import type { PruneReport } from '../membership/prune.act.ts';

export function addPruneOfPool(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('prune'))
    .description(
      'Remove sessions that ended more than POOL_DAYS ago from the pool, as each machine does once a day',
    )
    .option('--dry-run', 'only show what would be removed')
    .action(async ({ dryRun = false, ...options }: SharedOptions & { dryRun?: boolean }) => {
      const { prunePool } = await import('../membership/prune.act.ts');
      const report = await prunePool({ ...projectOf(options), dryRun }, await cli.actionContext());
      cli.output.result(report, () => formatReport(report, cli, dryRun));
    });
}

function formatReport({ days, pruned, kept }: PruneReport, { output }: Cli, dryRun: boolean): string {
  const { good, attention } = output.style;
  const mark = dryRun ? ' ' : good('✔');
  const lines = [
    ...pruned.map(
      ({ session, what, ending }) =>
        `${mark} ${session} (${ending}): ${what === 'copy' ? 'its copy on this machine' : 'leaves the pool; its files stay here'}`,
    ),
    ...kept.map(({ session, why }) => `${attention('!')} ${session} stays: ${why}`),
  ];
  if (lines.length === 0) return `Nothing to remove: no session ended more than ${days} days ago.`;
  return [
    ...lines,
    ...(dryRun && pruned.length > 0 ? ['To remove these now: samocode pool prune'] : []),
  ].join('\n');
}
