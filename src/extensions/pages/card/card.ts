import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { html, markup } from '../html/html.ts';
import { policyHash } from '../html/html-page.ts';
import REPORT_STYLE from '../html/page.css';
import PAGE_STYLE from '../web/client/web.css';
import SCRIPT from './card.app.js';
import CARD_STYLE from './card.css';

const STYLES = `${REPORT_STYLE}\n${PAGE_STYLE}\n${CARD_STYLE}`;

/** Only our script and styles, whatever the client allows: no request is sent, and nothing injected runs. */
const POLICY = [
  "default-src 'none'",
  `script-src ${policyHash(SCRIPT)}`,
  `style-src ${policyHash(STYLES)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const CARD = html`${markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>samocode</title>
<style>${markup(STYLES)}</style></head>
<body><main aria-label="samocode"><p class="sentence">Reading …</p></main>
<p id="state" role="status"></p>
<script>${markup(SCRIPT)}</script></body></html>
`.text;

/** The card without data: the client passes each result to it. */
export function readCard(place: { uri: string; mimeType: string }): ReadResourceResult {
  const _meta = { ui: { csp: { connectDomains: [], resourceDomains: [] }, prefersBorder: true } };
  return { contents: [{ ...place, text: CARD, _meta }] };
}
