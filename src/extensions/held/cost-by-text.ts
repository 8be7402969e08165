import { spendingText } from '../../core/acts/reading/cost.command.ts';
import { columnsOf, grid } from '../../core/faces/terminal/columns.ts';
import type { Output } from '../../core/faces/terminal/output.ts';
import { harmless } from '../../core/faces/terminal/style.ts';
import { listed } from '../../core/kernel/text.ts';
import type { CostByReport, CostByRow } from './cost-by.act.ts';

/** Below it a percentage says more of chance than of agents. */
const ENOUGH = 5;
const MERGED_SHOWN = 10;

/** A table; in a pipe, as bare rows with tabs. */
export function costByText(
  { by, rows, merged, unreadable }: CostByReport,
  { style, textColumns: columns }: Output,
): string {
  const isPiped = columns === Number.POSITIVE_INFINITY;
  const head = [by, 'sessions', 'proved at first try', 'sent back', 'held', 'money', 'hours'].map(style.dim);
  const lines = grid([...(isPiped ? [] : [head]), ...rows.map(cellsOf)], { columns, cut: { 0: 8 } });
  if (isPiped) return lines.join('\n');
  const width = Math.max(...merged.slice(0, MERGED_SHOWN).map(({ session }) => columnsOf(session)), 0);
  const after = merged.slice(0, MERGED_SHOWN).map(({ session, text }) => `${session.padEnd(width)}  ${text}`);
  return [
    ...(rows.length === 0 ? ['No session in which an agent has worked is at rest.'] : lines),
    ...(after.length === 0
      ? []
      : ['', style.dim('After the merge, for seven days:'), ...after.map(harmless)]),
    ...(merged.length > after.length ? [style.dim(`and ${merged.length - after.length} more: --json`)] : []),
    ...(unreadable.length === 0
      ? []
      : [
          style.dim(`Left out, because their events cannot be read: ${listed(unreadable.map(harmless), 5)}.`),
        ]),
  ].join('\n');
}

function cellsOf({
  name,
  sessions,
  provedAtFirstTry,
  sentBack,
  held,
  followed,
  cost,
  hours,
}: CostByRow): string[] {
  return [
    harmless(name),
    String(sessions),
    partOf(provedAtFirstTry, sessions),
    partOf(sentBack, sessions),
    followed === 0 ? '–' : partOf(held, followed),
    spendingText(cost),
    hours.toFixed(1),
  ];
}

/** `3 of 4`; from five on `4 of 5, 80 %`. */
function partOf(part: number, of: number): string {
  return `${part} of ${of}${of < ENOUGH ? '' : `, ${Math.round((100 * part) / of)} %`}`;
}
