// Colours code in a thread, because highlight.js can take seconds for a text that was written for that.
import { parentPort } from 'node:worker_threads';
import type { ColouringRequest } from '../token-kinds.ts';
import { tokensOf } from './tokens-of.ts';

parentPort?.on('message', ({ language, texts }: ColouringRequest) => {
  parentPort?.postMessage(texts.map((text) => tokensOf(text, language)));
});
parentPort?.postMessage('ready');
