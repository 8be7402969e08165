import { fingerprint } from '../../../base/files/fingerprint.ts';
import { moment } from './figures.ts';
import { type Html, html, markup } from './html.ts';
import STYLE from './page.css';
import type { Made } from './report-data.ts';
import { KEYS } from './script.ts';

/**
 * What a browser may run and load: our one script and style sheet, by hash, and embedded pictures. Even injected
 * markup could run, request or send nothing.
 */
const POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(KEYS)}'`,
  `style-src '${hashOf(STYLE)}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function hashOf(text: string): string {
  return `sha256-${Buffer.from(fingerprint(text), 'hex').toString('base64')}`;
}

/** A complete page without further files. */
export function htmlPage(title: string, body: Html, { madeAt, version }: Made): string {
  return html`${markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${markup(STYLE)}</style></head>
<body><main>
${body}
</main>
<footer><span>Made by samocode ${version}, ${moment(madeAt)}. Times are those of ${zone()}. What agents wrote is quoted, and may be wrong.</span>
<span class="keys"><kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>Enter</kbd> open · <kbd>e</kbd> open or close all · <kbd>t</kbd> top</span></footer>
<script>${markup(KEYS)}</script></body></html>
`.text;
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
