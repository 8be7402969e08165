import { hanging } from './columns.ts';
import { harmless, type Style } from './style.ts';

interface MarkdownOptions {
  style: Style;
  /** The terminal's width; infinite for files and pipes, which get the source. */
  columns: number;
}

/** Longer lines are hard to read. */
const MAX_COLUMNS = 100;

/** Formats untrusted Markdown for a terminal: styled, wrapped at spaces, without control sequences. */
export function formatMarkdown(text: string, { style, columns }: MarkdownOptions): string {
  if (columns === Number.POSITIVE_INFINITY) return harmless(text).replace(/\n$/, '');
  const width = Math.min(columns, MAX_COLUMNS);
  let fence: { mark: string; isDiff: boolean } | undefined;
  return harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, mark, language] = /^\s*(`{3,}|~{3,})\s*(\w*)/.exec(line) ?? [];
      if (fence) {
        const isEnd = mark?.startsWith(fence.mark) && language === '';
        const shown = isEnd ? style.dim(line) : fence.isDiff ? diffLine(line, style) : style.accent(line);
        if (isEnd) fence = undefined;
        return shown;
      }
      if (mark !== undefined) {
        fence = { mark, isDiff: language === 'diff' };
        return style.dim(line);
      }
      return formatLine(line, style, width);
    })
    .join('\n');
}

function formatLine(line: string, style: Style, columns: number): string {
  const heading = /^(#{1,6}) +(.*)$/.exec(line);
  if (heading) return `${style.dim(heading[1] ?? '')} ${style.bold(heading[2] ?? '')}`;
  if (/^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/.test(line)) return style.dim('─'.repeat(Math.min(columns, 40)));
  // Wrapping would break a table.
  if (/^\s*\|/.test(line)) return line;
  const quote = /^(\s*)> ?(.*)$/.exec(line);
  if (quote)
    return hanging(inline(quote[2] ?? '', style), { first: `${quote[1]}${style.dim('│')} `, columns });
  const [, indent = '', bullet, box, words = ''] =
    /^(\s*)(?:([-*+]|\d+[.)])\s+)?(?:\[([ xX])\]\s+)?(.*)$/.exec(line) ?? [];
  const mark = bullet === undefined ? '' : `${/\d/.test(bullet) ? bullet : '•'} `;
  const ticked = box === ' ' ? '☐ ' : `${style.good('✔')} `;
  return hanging(inline(words, style), { first: `${indent}${box === undefined ? mark : ticked}`, columns });
}

/** Without colour, the Markdown markers are kept. */
function inline(text: string, style: Style): string {
  if (style.bold('x') === 'x') return text;
  return text
    .split(/(`[^`]+`)/)
    .map((piece, at) =>
      at % 2 === 1
        ? style.accent(piece.slice(1, -1))
        : piece.replace(/\*\*(?! )((?:(?!\*\*).)+)(?<! )\*\*/g, (_all, words: string) => style.bold(words)),
    )
    .join('');
}

export function diffColours(text: string, style: Style): string {
  return harmless(text)
    .split('\n')
    .map((line) => diffLine(line, style))
    .join('\n');
}

function diffLine(line: string, style: Style): string {
  if (/^(?:diff |index |--- |\+\+\+ |new file|deleted file|rename |similarity )/.test(line))
    return style.bold(line);
  if (line.startsWith('@@')) return style.accent(line);
  if (line.startsWith('+')) return style.good(line);
  return line.startsWith('-') ? style.bad(line) : line;
}
