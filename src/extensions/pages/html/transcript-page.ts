import { html } from './html.ts';
import { htmlPage } from './html-page.ts';
import { transcriptBody } from './iterations.ts';
import type { Made, TranscriptPiece } from './report-data.ts';

/** A transcript that is too long for the session's page. */
export interface TranscriptPageData extends Made {
  name: string;
  iteration: number;
  phase: string;
  entries: TranscriptPiece[];
  /** Relative path back to the page. */
  page: string;
  /** The path of the raw log, which contains the rest. */
  restIn?: string;
}

export function pageOfTranscript(data: TranscriptPageData): string {
  const { name, iteration, phase, page, entries, restIn } = data;
  const body = html`<header class="head"><p class="over"><a href="${page}#i${iteration}">${name}</a></p><h1>Iteration ${iteration}, ${phase}</h1></header>
${transcriptBody(entries)}
${restIn !== undefined && html`<p class="note">The rest is in <code dir="ltr">${restIn}</code>.</p>`}`;
  return htmlPage(`${name}, iteration ${iteration} · samocode`, body, data);
}
