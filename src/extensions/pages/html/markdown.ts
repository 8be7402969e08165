import { Lexer, lexer, type Token, type Tokens } from 'marked';
import { checkMark, type Html, html, link, type Part } from './html.ts';

/** Longer text could be crafted to take too long to parse. */
const MAX_CHARS = 100_000;
const MAX_PARAGRAPH_CHARS = 12_000;

/**
 * Renders Markdown written by agents and people. `marked` only parses; all markup is written here, so that
 * HTML is escaped, no picture is loaded and links lead only to the web. Very long text stays unrendered.
 */
export function markdown(text: string, { afterTask }: { afterTask?: AfterTask } = {}): Html {
  const tokens = markdownTokens(text);
  if (tokens === undefined) return html`<pre class="plain" dir="auto" tabindex="0">${text}</pre>`;
  const tasks = afterTask && new Map(tasksIn(tokens).map((task, at) => [task, afterTask(at)]));
  return html`<div class="md" dir="auto">${blocks(tokens, tasks)}</div>`;
}

/** Renders the marks within lines, such as code; everything else of Markdown stays as it was written. */
export function inlineMarkdown(text: string): Part {
  if (text.length > MAX_PARAGRAPH_CHARS) return text;
  try {
    const tokens = Lexer.lexInline(text);
    return depthOf(tokens) > MAX_DEPTH ? text : inlines(tokens);
  } catch {
    return text;
  }
}

/** Quotes what an agent or samocode says about a session. */
export function quoted(text: string): Html {
  return html`<blockquote class="says" dir="auto">${inlineMarkdown(text)}</blockquote>`;
}

/** Returns what to show after a task of a list, given its index in the text. */
type AfterTask = (at: number) => Part;
type Tasks = ReadonlyMap<Token, Part> | undefined;

/** The tasks of a text as written, in the order of the indexes that `afterTask` receives. */
export function taskTexts(text: string): string[] {
  return tasksIn(markdownTokens(text) ?? []).map(({ raw }) => raw.trim());
}

function tasksIn(tokens: readonly Token[]): Tokens.ListItem[] {
  return tokens.flatMap((token) => {
    if (token.type !== 'list') return tasksIn(childTokens(token));
    return (token as Tokens.List).items.flatMap((item) => [
      ...(item.task ? [item] : []),
      ...tasksIn(item.tokens),
    ]);
  });
}

/** Parses Markdown. Returns undefined if it is nested too deeply, or too long to be parsed in a moment. */
function markdownTokens(text: string): Token[] | undefined {
  if (text.length > MAX_CHARS) return undefined;
  if (text.split(/\n\s*\n/).some(({ length }) => length > MAX_PARAGRAPH_CHARS)) return undefined;
  try {
    const tokens = lexer(text, { gfm: true });
    return depthOf(tokens) > MAX_DEPTH ? undefined : tokens;
  } catch {
    return undefined;
  }
}

const MAX_DEPTH = 40;

function depthOf(tokens: readonly Token[], above = 0): number {
  if (above > MAX_DEPTH) return above;
  return Math.max(above, ...tokens.map((token) => depthOf(childTokens(token), above + 1)));
}

function childTokens(token: Token): Token[] {
  if (token.type === 'list') return (token as Tokens.List).items.flatMap((item) => item.tokens);
  return ('tokens' in token && token.tokens) || [];
}

function blocks(tokens: readonly Token[], tasks?: Tasks): Part[] {
  return tokens.map((token) => block(token, tasks));
}

function block(token: Token, tasks: Tasks): Part {
  switch (token.type) {
    case 'heading':
      return html`<p class="h h${Math.min(4, (token as Tokens.Heading).depth)}" dir="auto">${inline(token)}</p>
`;
    case 'paragraph':
      return html`<p dir="auto">${inline(token)}</p>
`;
    case 'text':
      return inline(token);
    case 'code':
      return html`<pre class="code" dir="ltr" tabindex="0">${(token as Tokens.Code).text}</pre>
`;
    case 'blockquote':
      return html`<blockquote dir="auto">${blocks(childTokens(token), tasks)}</blockquote>
`;
    case 'list':
      return list(token as Tokens.List, tasks);
    case 'table':
      return table(token as Tokens.Table);
    case 'hr':
      return html`<hr>
`;
    case 'space':
    case 'def':
    case 'checkbox':
      return undefined;
    default:
      // Includes HTML.
      return html`<p dir="auto">${token.raw}</p>
`;
  }
}

function list({ ordered, start, items }: Tokens.List, tasks: Tasks): Html {
  const shown = items.map((item) => {
    const { task, checked, tokens } = item;
    const box = task && checkMark(checked === true, ['done', 'open']);
    const inner = task ? html`<div>${blocks(tokens, tasks)}${tasks?.get(item)}</div>` : blocks(tokens, tasks);
    return html`<li${task && html` class="task"`} dir="auto">${box}${inner}</li>
`;
  });
  return ordered
    ? html`<ol start="${Number(start) || 1}">${shown}</ol>
`
    : html`<ul>${shown}</ul>
`;
}

function table({ header, rows }: Tokens.Table): Html {
  const heads = header.map(({ tokens }) => html`<th dir="auto">${inlines(tokens)}</th>`);
  const cells = (row: readonly Tokens.TableCell[]) =>
    row.map(({ tokens }) => html`<td dir="auto">${inlines(tokens)}</td>`);
  return html`<div class="wide" tabindex="0"><table><tr>${heads}</tr>${rows.map(
    (row) => html`<tr>${cells(row)}</tr>
`,
  )}</table></div>
`;
}

function inline(token: Token): Part {
  return 'tokens' in token && token.tokens ? inlines(token.tokens) : sourceText(token);
}

function inlines(tokens: readonly Token[]): Part[] {
  return tokens.map((token) => {
    switch (token.type) {
      case 'strong':
        return html`<strong>${inline(token)}</strong>`;
      case 'em':
        return html`<em>${inline(token)}</em>`;
      case 'del':
        return html`<s>${inline(token)}</s>`;
      case 'codespan':
        return html`<code dir="ltr">${(token as Tokens.Codespan).text}</code>`;
      case 'br':
        return html`<br>`;
      case 'link':
        return link((token as Tokens.Link).href, inline(token));
      case 'image':
        return link((token as Tokens.Image).href, (token as Tokens.Image).text || 'picture');
      case 'text':
        return inline(token);
      // The checkbox of a task is rendered with its item.
      case 'checkbox':
        return undefined;
      default:
        return sourceText(token);
    }
  });
}

/** The source text, with escapes resolved. */
function sourceText(token: Token): string {
  return token.type === 'escape' || token.type === 'text' ? (token as Tokens.Text).text : token.raw;
}
