import { stripVTControlCharacters } from 'node:util';
import { escapedMarkup, visibleControls } from '../base/plain-words.ts';

/** A piece of a page. Only `html` and `markup` make one, so that no text becomes markup unseen. */
class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type { Html };

export type Part = Html | string | number | undefined | false | readonly Part[];

/**
 * Markup with what stands in its places escaped, whoever wrote it: for the text of an element, or for an attribute's value
 * between double quotes. What must be a URL comes from `href`.
 */
export function html(pieces: TemplateStringsArray, ...parts: Part[]): Html {
  let text = pieces[0] ?? '';
  for (const [index, part] of parts.entries()) text += `${written(part)}${pieces[index + 1] ?? ''}`;
  return new Html(text);
}

/** Markup of our own as it stands: the style sheet and the script. */
export function markup(text: string): Html {
  return new Html(text);
}

function written(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return part ? part.map(written).join('') : '';
}

/**
 * Also without colours of a terminal, and with the marks that turn the direction of writing shown: code must not read
 * other than it runs.
 */
function escaped(text: string): string {
  const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  const lines = plain.includes('\r') ? plain.replaceAll('\r\n', '\n') : plain;
  return escapedMarkup(visibleControls(lines)).replaceAll('"', '&quot;');
}

/** Where a link of others may lead: the web alone. Undefined for any other scheme, and for what is no URL. */
function href(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}

/** Words that may be a link: without a fit address they are shown with it as text. */
export function link(address: string, words: Part): Html {
  const to = href(address);
  if (to === undefined) return html`${words} <span class="addr">(${address})</span>`;
  return html`<a href="${to}" rel="noopener noreferrer" target="_blank">${words}</a>`;
}

/** The box of a task. @param words what it says on and off */
export function tick(isOn: boolean, words: readonly [on: string, off: string]): Html {
  return isOn
    ? html`<b class="tick on" title="${words[0]}">✓</b>`
    : html`<b class="tick" title="${words[1]}"></b>`;
}
