import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { Output } from '../terminal/output.ts';
import { harmless } from '../terminal/style.ts';
import { hanging } from './columns.ts';

/** The plan as it was written, its headings set off and its sentences broken at blanks. */
export function planWords(
  { name, state, text, servers }: PlanReport,
  { style, textColumns: columns }: Output,
): string {
  const lines = harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (/^#{1,6} /.test(line)) return style.bold(line);
      // Tables and code are left to the terminal.
      const [, first = '', words] = /^(\s*(?:[-*]|\d+\.) (?:\[.\] )?|)([^\s|].*)$/.exec(line) ?? [];
      return words === undefined ? line : hanging(words, { first, columns });
    });
  const [title, ...starts] = servers;
  // Below the plan: where the person decides, and whatever its length.
  const starting = starts.map((line) => hanging(line.slice(2), { first: line.slice(0, 2), columns }));
  const below = title === undefined ? [] : ['', style.attention(title), ...starting];
  return [style.dim(`${name} (${state.replaceAll('_', ' ')})`), '', ...lines, ...below].join('\n');
}
