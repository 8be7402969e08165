import { type Html, html, markup } from '../html/html.ts';
import { policyHash } from '../html/html-page.ts';
import REPORT_STYLE from '../html/page.css';
import ACTS_SCRIPT from './client/acts.client.js';
import BOARD_SCRIPT from './client/board.client.js';
import CONFIRM_SCRIPT from './client/confirm.client.js';
import DIFF_SCRIPT from './client/diff.client.js';
import DIFF_STYLE from './client/diff.css';
import DRAFTS_SCRIPT from './client/drafts.client.js';
import INBOX_SCRIPT from './client/inbox.client.js';
import INBOX_STYLE from './client/inbox.css';
import KEY_SCRIPT from './client/key.client.js';
import KEYS_SCRIPT from './client/keys.client.js';
import PAGE_SCRIPT from './client/page.client.js';
import PICTURES_SCRIPT from './client/pictures.client.js';
import START_SCRIPT from './client/start.client.js';
import START_STYLE from './client/start.css';
import STYLE from './client/web.css';

const STYLES = [REPORT_STYLE, STYLE, INBOX_STYLE, DIFF_STYLE, START_STYLE].join('\n');
/** In the order of their use; the last one begins. */
const SCRIPT = [
  PAGE_SCRIPT,
  KEY_SCRIPT,
  DRAFTS_SCRIPT,
  CONFIRM_SCRIPT,
  ACTS_SCRIPT,
  BOARD_SCRIPT,
  INBOX_SCRIPT,
  DIFF_SCRIPT,
  PICTURES_SCRIPT,
  START_SCRIPT,
  KEYS_SCRIPT,
].join('\n');

/** Limits the browser to our script and styles, and to requests to this server. */
const POLICY = [
  "default-src 'none'",
  `script-src ${policyHash(SCRIPT)}`,
  `style-src ${policyHash(STYLES)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const KEY_TEXTS = [
  ['j k', 'next, previous item, session or iteration'],
  ['a', 'go to the approve button or the first answer; Enter sends'],
  ['c', 'request changes, or write'],
  ['A B C', 'choose an answer by its letter'],
  ['x', 'skip this item'],
  ['i b n', 'inbox, board, new session'],
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
<body><header class="top"><a href="#/" class="home">samocode</a><nav aria-label="Pages"><a href="#/inbox">Inbox</a><a href="#/board">Board</a><a href="#/new">New</a><a id="to-pool" href="#/pool" hidden>Pool</a></nav><span id="state" role="status"></span><span id="today" class="note" title="Without archived sessions"></span><button id="drafts" hidden></button><button id="notify" hidden>Notify me</button><button id="help" aria-label="Keys" title="Keys (?)">?</button></header>
<main id="main" tabindex="-1"></main>
<aside id="receipts" aria-label="Receipts" hidden><p id="last" role="status"></p><details><summary>Receipts <small id="how-many"></small></summary><ul></ul><p class="buttons"><button id="dismiss">Dismiss all</button></p></details></aside>
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
