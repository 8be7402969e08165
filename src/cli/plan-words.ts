import type { PlanReport } from '../actions/read-plan.ts';
import { harmless, type Style } from './style.ts';

/** The plan as it was written, its headings set off. */
export function planWords({ name, state, text }: PlanReport, style: Style): string {
  const lines = harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => (/^#{1,6} /.test(line) ? style.bold(line) : line));
  return [style.dim(`${name} (${state.replaceAll('_', ' ')})`), '', ...lines].join('\n');
}
