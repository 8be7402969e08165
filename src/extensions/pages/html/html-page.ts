import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { moment } from './figures.ts';
import { type Html, html, markup } from './html.ts';
import STYLE from './page.css';
import type { SessionReportData } from './report-data.ts';

/**
 * The only script: keys, and opening the target of a link. The page works without it, since
 * everything that opens is `<details>`.
 */
const KEYS = `
'use strict';
const all = () => [...document.querySelectorAll('.it')];
const handleOf = (part) => part.querySelector(':scope > summary') || part;
let at = -1;
function go(step) {
  const parts = all();
  if (parts.length === 0) return;
  const focused = parts.findIndex((part) => handleOf(part) === document.activeElement);
  at = Math.min(Math.max((focused >= 0 ? focused : at) + step, 0), parts.length - 1);
  const handle = handleOf(parts[at]);
  handle.focus({ preventScroll: true });
  handle.scrollIntoView({ block: 'nearest' });
}
function toggleAll() {
  const parts = [...document.querySelectorAll('.it')];
  const opens = parts.some((part) => !part.open);
  for (const part of parts) part.open = opens;
}
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  for (let part = target; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true;
  if (target) target.scrollIntoView({ block: 'start' });
}
const ACTS = { j: () => go(1), k: () => go(-1), e: toggleAll, t: () => scrollTo({ top: 0 }) };
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // The place of the key counts where the layout is not Latin.
  const key = event.key > '\\u024f' && /^Key/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key;
  const act = Object.hasOwn(ACTS, key) && ACTS[key];
  if (act) { event.preventDefault(); act(); }
});
addEventListener('hashchange', openTarget);
openTarget();
`;

/**
 * Allows our one script and style sheet, by hash, and embedded pictures. Not even injected markup can run, request
 * or send anything.
 */
const POLICY = [
  "default-src 'none'",
  `script-src ${policyHash(KEYS)}`,
  `style-src ${policyHash(STYLE)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** A script or style sheet as a policy names it. */
export function policyHash(text: string): string {
  return `'sha256-${Buffer.from(fingerprint(text), 'hex').toString('base64')}'`;
}

export function htmlPage(
  title: string,
  body: Html,
  { madeAt, version }: Pick<SessionReportData, 'madeAt' | 'version'>,
): string {
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
<footer><span>Made by samocode ${version}, ${moment(madeAt)}. Times are in ${zone()}. Text by agents is quoted, and may be wrong.</span>
<span class="keys"><kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>Enter</kbd> open · <kbd>e</kbd> open or close all · <kbd>t</kbd> top</span></footer>
<script>${markup(KEYS)}</script></body></html>
`.text;
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
