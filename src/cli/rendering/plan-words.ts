import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { Output } from '../terminal/output.ts';
import { harmless } from '../terminal/style.ts';
import { hanging } from './columns.ts';

/** The plan as it was written, its headings set off and its sentences broken at blanks. */
export function planWords(
  { name, state, text }: PlanReport,
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
  return [style.dim(`${name} (${state.replaceAll('_', ' ')})`), '', ...lines].join('\n');
}
