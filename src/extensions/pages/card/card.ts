import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { htmlDocument } from '../html/document.ts';
import { html } from '../html/html.ts';
import PAGE_STYLE from '../html/page.css';
import ROWS_STYLE from '../html/rows.css';
import SCRIPT from './card.app.js';
import CARD_STYLE from './card.css';

const STYLES = [PAGE_STYLE, ROWS_STYLE, CARD_STYLE].join('\n');

const CARD = htmlDocument({
  title: 'samocode',
  script: SCRIPT,
  style: STYLES,
  body: html`<main aria-label="samocode"><p class="sentence">Reading …</p></main>
<p id="state" role="status"></p>`,
});

/** The card without data: the client passes each result to it. */
export function readCard(place: { uri: string; mimeType: string }): ReadResourceResult {
  const _meta = { ui: { csp: { connectDomains: [], resourceDomains: [] }, prefersBorder: true } };
  return { contents: [{ ...place, text: CARD, _meta }] };
}
