import { listItem, parseMarkdown } from './markdown-lines.ts';
import { planContent } from './plan.ts';

/** A test of the base that the task itself changes. */
export interface PlannedOldTest {
  path: string;
  why: string;
}

const SECTION = /^old tests that change:?$/i;
const ENTRY = /^`?([^`\s:]+)`?\s{0,4}[:–—-]\s{0,4}(\S.*)$/;

/**
 * Parses the section `## Old tests that change` of a plan, `- path: why` per line; never throws. Reads only what an
 * approval covers.
 */
export function plannedOldTests(text: string): { files: PlannedOldTest[]; problems: string[] } {
  const doc = parseMarkdown(planContent(text).lines.join('\n'));
  const heading = doc.headings.find((each) => SECTION.test(each.text));
  if (heading === undefined) return { files: [], problems: [] };
  const next = doc.headings.find(({ index }) => index > heading.index)?.index ?? doc.lines.length;
  const files: PlannedOldTest[] = [];
  const problems: string[] = [];
  for (const line of doc.lines.slice(heading.index + 1, next)) {
    const [, path, why] = ENTRY.exec(listItem(line) ?? '') ?? [];
    if (path !== undefined && why !== undefined) files.push({ path: path.replace(/^(?:\.\/)+/, ''), why });
    else if (line.trim() !== '')
      problems.push(`In the section "Old tests that change", "${line.trim()}" is not "- path: why".`);
  }
  return { files, problems };
}
