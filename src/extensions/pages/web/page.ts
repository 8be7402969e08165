import { type Html, html, markup } from '../html/html.ts';
import { policyHash } from '../html/html-page.ts';
import REPORT_STYLE from '../html/page.css';
import DIFF_SCRIPT from './client/diff.client.js';
import DIFF_STYLE from './client/diff.css';
import KEY_SCRIPT from './client/key.client.js';
import PAGE_SCRIPT from './client/page.client.js';
import STYLE from './client/web.css';

const STYLES = `${REPORT_STYLE}\n${STYLE}\n${DIFF_STYLE}`;
const SCRIPT = `${KEY_SCRIPT}\n${PAGE_SCRIPT}\n${DIFF_SCRIPT}`;

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

/** The page without data, which it requests with the token. */
export const PAGE: Html = html`${markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>samocode</title>
<link rel="icon" href="data:,">
<style>${markup(STYLES)}</style></head>
<body><header class="top"><a href="#/" class="home">samocode</a><span id="state" role="status"></span><button id="notify" hidden>Notify me here</button><button id="help" aria-label="Keys" title="Keys (?)">?</button></header>
<main id="main" tabindex="-1"></main>
<dialog id="keys"><h2>Keys</h2><dl><div><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous session or iteration</dd></div><div><dt><kbd>Enter</kbd></dt><dd>open it</dd></div><div><dt><kbd>/</kbd></dt><dd>filter the sessions</dd></div><div><dt><kbd>b</kbd> or <kbd>Esc</kbd></dt><dd>back to all sessions</dd></div><div><dt><kbd>n</kbd></dt><dd>new session</dd></div><div><dt><kbd>a</kbd></dt><dd>go to the decision that waits for you</dd></div><div><dt><kbd>m</kbd> <kbd>r</kbd> <kbd>f</kbd> <kbd>v</kbd> <kbd>s</kbd></dt><dd>message, resume, finish, verify, stop</dd></div><div><dt><kbd>Ctrl</kbd> <kbd>Enter</kbd></dt><dd>send the form</dd></div></dl><form method="dialog"><button>Close</button></form></dialog>
<noscript><p>This page needs JavaScript. Without it: <code>samocode watch</code> in a terminal.</p></noscript>
<script>${markup(SCRIPT)}</script></body></html>
`;
