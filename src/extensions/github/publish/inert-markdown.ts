import { visibleControls } from '../../../core/kernel/text.ts';
import {
  lineBody,
  longestRun,
  oneLine,
  parseMarkdown,
} from '../../../core/session/documents/markdown-lines.ts';

/**
 * Renders text from agents and people as inert Markdown: it contains no HTML, link, image or table, mentions no user
 * and closes no issue. Emphasis and inline code are kept.
 */
export function inertLine(text: string): string {
  return inert(oneLine(text));
}

/** Like `inertLine`, for several lines, as a quotation: no block in it continues after it. Code blocks stay code. */
export function inertQuote(text: string): string {
  const doc = parseMarkdown(text.trim());
  const bodies = doc.lines.map(lineBody);
  const quoted: string[] = [];
  for (let index = 0; index < bodies.length; ) {
    const size = doc.fencedSize(index);
    if (size === 0) quoted.push(inert(bodies[index] ?? ''));
    else quoted.push(...codeBlock(bodies.slice(index + 1, index + size - 1)));
    index += size || 1;
  }
  return quoted.map((line) => `> ${line}`.trimEnd()).join('\n');
}

/** Replaces the fences, because the original ones can be in a list and would end with it. */
function codeBlock(lines: readonly string[]): string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [fence, ...lines.map(visibleControls), fence];
}

function inert(line: string): string {
  // Markdown splits table rows at bars even inside code.
  const escaped = visibleControls(line).replace(
    /(`+)([^`|]|[^`|][^|]*?[^`|])\1(?!`)|(`+)|([^`]+)/g,
    (code, _fence, _inside, backticks: string | undefined, plain: string | undefined) => {
      if (backticks !== undefined) return backticks.replaceAll('`', '\\`');
      return plain === undefined ? code : inertText(plain);
    },
  );
  // A delimiter row makes a table even without a bar, if it has a single column.
  return escaped.replace(/^(\s*)(:-+:?|-+:)\s*$/, '$1\\$2');
}

/** A zero-width space, as in Dependabot and Renovate: a forge detects mentions and issues despite escapes. */
const GAP = '&#8203;';

function inertText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replace(/[\\[|]/g, '\\$&')
      // Before the other gaps are inserted, because a gap contains a number sign and digits.
      .replace(/(#|GH-)(?=\d)/gi, `$1${GAP}`)
      .replaceAll('@', `@${GAP}`)
      .replace(/~{3,}/g, (fence) => fence.replaceAll('~', '\\~'))
      .replaceAll('://', `:${GAP}//`)
      .replace(/www\./gi, (www) => `${www.slice(0, -1)}${GAP}.`)
  );
}
