/**
 * Of the session folder's top, in git's words: what the worker alone appends to, what people wrote to agents, and drafts
 * of files that are being written.
 */
export const NOT_DOCUMENTS: readonly string[] = [
  '/_logs/',
  '/_inbox/',
  '/session.log',
  '/_signal_history.jsonl',
  '/.*.draft',
];
