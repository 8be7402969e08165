import { stripVTControlCharacters } from 'node:util';
import { escapedMarkup, visibleControls } from '../../../core/kernel/text.ts';

/** A piece of a page. Only `html` and `markup` create one, so that text cannot become markup by accident. */
class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type { Html };

export type Part = Html | string | number | undefined | false | readonly Part[];

/**
 * Markup in which all inserted values are escaped. Insert them only as the text of elements or in
 * double-quoted attributes; URLs must come from `href`.
 */
export function html(pieces: TemplateStringsArray, ...parts: Part[]): Html {
  let text = pieces[0] ?? '';
  for (const [index, part] of parts.entries()) text += `${rendered(part)}${pieces[index + 1] ?? ''}`;
  return new Html(text);
}

/** Our own markup, unescaped: the style sheet and the script. */
export function markup(text: string): Html {
  return new Html(text);
}

function rendered(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return part ? part.map(rendered).join('') : '';
}

/**
 * Escapes text, removes terminal colours and makes bidirectional control characters visible, so that code
 * cannot be displayed differently from how it runs.
 */
function escaped(text: string): string {
  const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  const lines = plain.includes('\r') ? plain.replaceAll('\r\n', '\n') : plain;
  return escapedMarkup(visibleControls(lines)).replaceAll('"', '&quot;');
}

/** The target of a link in text written by others; undefined unless it is a valid web address. */
function href(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}

/** A link if the address is valid; otherwise the text followed by the address. */
export function link(address: string, words: Part): Html {
  const to = href(address);
  if (to === undefined) return html`${words} <span class="addr">(${address})</span>`;
  return html`<a href="${to}" rel="noopener noreferrer" target="_blank">${words}</a>`;
}

/** The sign of a task that is done or open. @param words its labels when on and off */
export function checkMark(isOn: boolean, words: readonly [on: string, off: string]): Html {
  return isOn
    ? html`<b class="tick on" title="${words[0]}">✓</b>`
    : html`<b class="tick" title="${words[1]}">○</b>`;
}

/** Names with their values; those without one are left out. */
export function factList(rows: readonly (readonly [name: string, value: Part])[]): Html {
  const shown = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl>${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>
`;
}
