import { boxesIn } from './given-plan.ts';
import { parseMarkdown } from './markdown-lines.ts';
import { parsePlan } from './plan.ts';

const ALL = 'All steps';

/**
 * A given plan as a plan with numbered phases: the heading above each group of boxes becomes one. Nothing else of the
 * text changes, so that its author recognizes it. Text that has phases stays as it is.
 */
export function asPlan(text: string): string {
  if (parsePlan(text).phases.length > 0) return text;
  const doc = parseMarkdown(text);
  const lines = [...doc.lines];
  const numbered = new Set<number>();
  let number = 0;
  for (const { line } of boxesIn(text)) {
    const above = doc.headings.findLast(({ index }) => index < line);
    const at = above?.index ?? -1;
    if (numbered.has(at)) continue;
    numbered.add(at);
    number += 1;
    if (above !== undefined && above.level > 1) {
      lines[at] = `${'#'.repeat(above.level)} Phase ${number}: ${above.text}\n`;
    } else {
      lines[line] = `## Phase ${number}: ${above?.text || ALL}\n\n${lines[line]}`;
    }
  }
  return lines.join('');
}
