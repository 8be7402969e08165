import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { Output } from '../terminal/output.ts';
import { hanging } from './columns.ts';
import { diffColours, markdownWords } from './markdown.ts';

/** The plan, its Markdown made readable. */
export function planWords(
  { name, state, text, servers }: PlanReport,
  { style, textColumns: columns }: Output,
): string {
  const head = style.dim(`${name} (${state.replaceAll('_', ' ')})`);
  const [title, ...starts] = servers;
  // Below the plan: where the person decides, and whatever its length.
  const starting = starts.map((line) => hanging(line.slice(2), { first: line.slice(0, 2), columns }));
  const below = title === undefined ? [] : ['', style.attention(title), ...starting];
  return [head, '', markdownWords(text, { style, columns }), ...below].join('\n');
}

/** What differs from the version that was asked about before; empty where there is none. */
export function planDifference({ changes = [] }: PlanReport, { style }: Output): string[] {
  if (changes.length === 0) return [];
  return ['', style.bold('Changes since the previous version:'), diffColours(changes.join('\n'), style)];
}
