// Colours code in a thread, because highlight.js can take seconds for a text that was written for that.
import { parentPort } from 'node:worker_threads';
import { tokensOf } from './tokens-of.ts';

export interface ColouringRequest {
  /** A name of the language for highlight.js, such as the ending of a file's name. */
  language: string;
  texts: readonly string[];
}

parentPort?.on('message', ({ language, texts }: ColouringRequest) => {
  parentPort?.postMessage(texts.map((text) => tokensOf(text, language)));
});
parentPort?.postMessage('ready');
