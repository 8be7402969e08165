import { policyOf } from '../../html/document.ts';
import { type Html, html, markup } from '../../html/html.ts';
import PAGE_STYLE from '../../html/page.css';
import REPORT_STYLE from '../../html/report.css';
import ROWS_STYLE from '../../html/rows.css';
import DIFF_STYLE from '../client/diff.css';
import SCRIPT from '../client/main.app.js';
import STYLE from '../client/web.css';
import { chips, listFrame } from './list-view.ts';

const STYLES = [PAGE_STYLE, REPORT_STYLE, ROWS_STYLE, STYLE, DIFF_STYLE].join('\n');

/** Requests go to this server alone. */
const POLICY = policyOf({
  script: SCRIPT,
  style: STYLES,
  allows: ["connect-src 'self'", 'img-src data:', "frame-ancestors 'none'"],
});

export const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const KEY_TEXTS = [
  ['j k', 'next, previous session'],
  ['a', 'go to what approves, or to the first open question; Enter sends'],
  ['c', 'write: to the focused question, the requested changes or the note'],
  ['1–9', 'choose an answer of the focused question, and go to the next one'],
  ['x', 'skip to the next session that needs you'],
  ['i n', 'the list, new session'],
  ['/', 'filter'],
  ['m r f v s', 'message, resume, finish, verify, stop'],
  ['Ctrl+Enter', 'send the form'],
  ['Esc', 'leave a field; what you wrote is kept'],
] as const;

/** The page without data, which it requests with the token. */
export const PAGE: Html = html`${markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>samocode</title>
<link rel="icon" href="data:,">
<style>${markup(STYLES)}</style></head>
<body><a class="skip" href="#session">To the session</a>
<main><div class="side"><header><h1><a href="#/">samocode</a></h1><button id="drafts" hidden></button><a class="button" href="#/new">New <kbd>n</kbd></a></header>
<div class="filters" role="search"><input id="find" type="search" placeholder="Filter" aria-label="Filter by task, name, project, phase or group" autocomplete="off" spellcheck="false"><select id="project" aria-label="Project" hidden></select><div class="chips">${chips()}</div></div>
<nav id="list" aria-label="Sessions">${listFrame()}</nav>
<footer><small id="today" title="Without archived sessions"></small><span id="links"></span><button id="notify" class="quiet" hidden>Notify me</button><button id="help" class="quiet">Keys <kbd>?</kbd></button></footer></div>
<div class="pane" tabindex="-1"><article id="session" tabindex="-1"></article></div></main>
<div id="foot"><p id="held" role="status"></p><p id="state" role="status"></p><aside id="receipts" aria-label="Receipts" hidden><p id="last" role="status"></p><details><summary>Receipts <small id="how-many"></small></summary><ul></ul><p class="buttons"><button id="dismiss">Dismiss all</button></p></details></aside></div>
<dialog id="unsent" aria-labelledby="unsent-title"><h2 id="unsent-title">Written and not sent</h2><div></div><form method="dialog"><button>Close</button></form></dialog>
<dialog id="confirm" aria-labelledby="confirm-title"><h2 id="confirm-title">Confirm this tab</h2><form><p>Only you may decide this. Type the six digits that now stand in the terminal of samocode web, or on the screen of samocode watch. A reload of the tab asks again.</p>
<p><label>Six digits <input inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" size="8" required aria-describedby="confirm-wrong"></label></p><p id="confirm-wrong" class="bad" role="alert"></p><p class="buttons"><button class="primary">Confirm</button> <button type="button">Cancel</button></p></form></dialog>
<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2><dl>${KEY_TEXTS.map(
  ([keys, text]) =>
    html`<div><dt>${keys.split(' ').map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${text}</dd></div>`,
)}</dl><p><label><input type="checkbox" id="single-keys"> Use single-key shortcuts</label></p><form method="dialog"><button>Close</button></form></dialog>
<noscript><p>This page needs JavaScript. Without it: <code>samocode watch</code> in a terminal.</p></noscript>
<script>${markup(SCRIPT)}</script></body></html>
`;
