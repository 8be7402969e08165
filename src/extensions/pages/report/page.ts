import { htmlDocument } from '../html/document.ts';
import { moment } from '../html/figures.ts';
import { factList, type Html, html } from '../html/html.ts';
import PAGE_STYLE from '../html/page.css';
import REPORT_STYLE from '../html/report.css';
import { SECTIONS, type SessionReportData } from '../html/report-data.ts';
import { sectionBody, sessionHead, sessionSections, sessionStrip } from '../html/session-parts.ts';
import PAPER_STYLE from './paper.css';

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

/** The page of a session as one file. */
export function sessionPage(data: SessionReportData): string {
  const sections = sessionSections(data);
  const { next } = data;
  const body = html`<main>
${sessionHead(data)}
${sessionStrip(data)}
${next.length > 0 && factList([['next', next.map((command) => html`<code class="command" dir="ltr">${command}</code> `)]])}
<nav class="sections" aria-label="Sections">${sections.map(({ id }) => html`<a href="#${id}">${SECTIONS[id]}</a> `)}</nav>
${sections.map(
  ({ id, parts }) => html`<section id="${id}"><h2>${SECTIONS[id]}</h2>
${sectionBody({ id, parts })}</section>
`,
)}
</main>
${footer(data)}`;
  const allows = ['img-src data:'];
  return htmlDocument({
    title: `${data.name} · samocode`,
    script: KEYS,
    style: [PAGE_STYLE, REPORT_STYLE, PAPER_STYLE].join('\n'),
    allows,
    body,
  });
}

function footer({ madeAt, version }: SessionReportData): Html {
  return html`<footer><span>Made by samocode ${version}, ${moment(madeAt)}. Times are in ${zone()}. Text by agents is quoted, and may be wrong.</span>
<span class="keys"><kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>Enter</kbd> open · <kbd>e</kbd> open or close all · <kbd>t</kbd> top</span></footer>`;
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
