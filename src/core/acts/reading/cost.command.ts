import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { theExtension } from '../../caller/context/in-this-build.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { columnsOf, grid } from '../../faces/terminal/columns.ts';
import type { Output } from '../../faces/terminal/output.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { harmless } from '../../faces/terminal/style.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import { counted, listed } from '../../kernel/text.ts';
import { COST_BY, type CostBy } from './after-merge.ts';
import type { CostReport, CostRow, CostSum } from './cost.act.ts';

export function addCost(program: Command, cli: Cli): void {
  withSharedOptions(program.command('cost'))
    .description('Show what the sessions of this machine have cost, by project and by provider')
    .addOption(
      new Option('--by <what>', 'compare these instead: proofs, what held, money, hours').choices(COST_BY),
    )
    .action(async ({ by, ...options }: SharedOptions & { by?: CostBy }) => {
      const context = await cli.actionContext();
      if (by !== undefined) {
        const { costBy } = theExtension('afterMerge', 'Comparisons');
        const { report, text } = await costBy({ by, ...projectOf(options) }, context);
        cli.output.result(report, () => text(cli.output));
        return;
      }
      const { readCost } = await import('./cost.act.ts');
      const report = await readCost(projectOf(options), context);
      cli.output.result(report, () => costText(report, cli.output));
      for (const { look } of fromExtensions('afterMerge')) await look(context);
    });
}

const NAMES_SHOWN = 5;

/** Formats a cost report as a table; in a pipe, as bare rows with tabs between untruncated cells. */
export function costText(report: CostReport, { style, textColumns: columns }: Output): string {
  const { total, projects, providers, unreadable } = report;
  const isPiped = columns === Number.POSITIVE_INFINITY;
  const rows = [
    ...(isPiped ? [] : [['', '', 'today', '7 days', 'all'].map(style.dim)]),
    ['total', '', ...cellsOf(total)],
    ...projects.map((row, at) => [
      isPiped || at === 0 ? 'project' : '',
      harmless(basename(row.projectDir)),
      ...cellsOf(row),
    ]),
    ...providers.map((row, at) => [isPiped || at === 0 ? 'provider' : '', row.provider, ...cellsOf(row)]),
  ];
  const lines = grid(aligned(rows), { columns, cut: { 1: 8 } });
  if (isPiped) return lines.join('\n');
  return [...lines, ...notesOn(total.all, unreadable).map(style.dim)].join('\n');
}

function cellsOf({ today, week, all }: CostRow): string[] {
  return [today, week, all].map(spendingText);
}

/** `$4.20`; `≥ $4.20` where the cost of some iterations is unknown. */
export function spendingText({ usd, isEstimate, iterations, unknown }: CostSum): string {
  if (iterations === 0) return '–';
  if (unknown === iterations) return 'unknown';
  return `${unknown > 0 ? '≥ ' : ''}${isEstimate ? 'about ' : ''}$${usd.toFixed(2)}`;
}

/** Aligns the amounts to the right. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const widths = [2, 3, 4].map((at) => Math.max(...rows.map((row) => columnsOf(row[at] ?? ''))));
  return rows.map((row) =>
    row.map((cell, at) => ' '.repeat(Math.max(0, (widths[at - 2] ?? 0) - columnsOf(cell))) + cell),
  );
}

function notesOn({ iterations, unknown, isEstimate }: CostSum, unreadable: readonly string[]): string[] {
  const names = listed(unreadable.map(harmless), NAMES_SHOWN);
  return [
    ...(unknown === 0
      ? []
      : [
          `The cost of ${unknown} of ${counted(iterations, 'iteration')} is unknown: the agent CLI did not report it.`,
        ]),
    ...(isEstimate ? ['about: estimated from tokens and a price table.'] : []),
    ...(unreadable.length === 0 ? [] : [`Left out, because their events cannot be read: ${names}.`]),
  ];
}
