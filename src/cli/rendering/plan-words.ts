import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { Output } from '../terminal/output.ts';
import { diffColours, markdownWords } from './markdown.ts';

/** The plan, its Markdown made readable. */
export function planWords(
  { name, state, text }: PlanReport,
  { style, textColumns: columns }: Output,
): string {
  const head = style.dim(`${name} (${state.replaceAll('_', ' ')})`);
  return [head, '', markdownWords(text, { style, columns })].join('\n');
}

/** What differs from the version that was asked about before; empty where there is none. */
export function planDifference({ changes = [] }: PlanReport, { style }: Output): string[] {
  if (changes.length === 0) return [];
  return ['', style.bold('Changes since the previous version:'), diffColours(changes.join('\n'), style)];
}
