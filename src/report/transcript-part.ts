import { type Html, html } from './html.ts';
import type { ReportTranscript, TranscriptPiece } from './report-data.ts';

/** What the agent of an iteration said and did, or the file beside the page that shows it. */
export function transcriptPart({ entries, file, count }: ReportTranscript): Html {
  const title = html`Transcript <span class="stat">${count === 1 ? '1 entry' : `${count} entries`}</span>`;
  if (entries === undefined)
    return html`<h4><a href="${file}">${title}</a></h4>
`;
  return html`<details class="transcript"><summary><h4>${title}</h4></summary>${transcriptBody(entries)}</details>
`;
}

export function transcriptBody(entries: readonly TranscriptPiece[]): Html {
  return html`<div class="said">${joined(entries).map(
    ({ kind, depth, failed, text }) =>
      html`<p class="${kind}${depth > 0 && ' sub'}${failed === true && ' failed'}" dir="auto">${text}</p>
`,
  )}</div>`;
}

/** A text that comes in pieces is one paragraph. */
function joined(entries: readonly TranscriptPiece[]): TranscriptPiece[] {
  const whole: TranscriptPiece[] = [];
  for (const entry of entries) {
    const last = whole.at(-1);
    if (entry.continues && entry.kind === 'text' && last?.kind === 'text')
      whole[whole.length - 1] = { ...last, text: last.text + entry.text };
    else whole.push(entry);
  }
  return whole;
}
