import { html } from './html.ts';
import { htmlPage } from './html-page.ts';
import { transcriptBody } from './iterations.ts';
import type { Made, TranscriptPiece } from './report-data.ts';

/** A transcript that is too long for the page. */
export interface TranscriptPageData extends Made {
  name: string;
  iteration: number;
  phase: string;
  entries: TranscriptPiece[];
  /** Back to the page, relative. */
  page: string;
  /** The rest is only in the raw log, at this path. */
  restIn?: string;
}

export function pageOfTranscript(data: TranscriptPageData): string {
  const { name, iteration, phase, page, entries, restIn } = data;
  const body = html`<header class="head"><p class="over"><a href="${page}#i${iteration}">${name}</a></p><h1>Iteration ${iteration}, ${phase}</h1></header>
${transcriptBody(entries)}
${restIn !== undefined && html`<p class="note">The rest is in <code dir="ltr">${restIn}</code>.</p>`}`;
  return htmlPage(`${name}, iteration ${iteration} · samocode`, body, data);
}
