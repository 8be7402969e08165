import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { type Html, html, markup } from './html.ts';

interface DocumentParts {
  title: string;
  script: string;
  style: string;
  /** What the policy allows besides, such as `img-src data:`. */
  allows?: readonly string[];
  body: Html;
}

/**
 * Allows a browser our one script and style sheet, by hash, and what is named besides. Not even injected markup can
 * run, request or send anything.
 */
export function policyOf({ script, style, allows = [] }: Omit<DocumentParts, 'title' | 'body'>): string {
  return [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    `style-src ${sourceHash(style)}`,
    ...allows,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function sourceHash(text: string): string {
  return `'sha256-${Buffer.from(fingerprint(text), 'hex').toString('base64')}'`;
}

/** A document that limits itself, wherever it is opened. */
export function htmlDocument({ title, body, ...limited }: DocumentParts): string {
  return html`${markup('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${markup(policyOf(limited))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${markup(limited.style)}</style></head>
<body>${body}
<script>${markup(limited.script)}</script></body></html>
`.text;
}
