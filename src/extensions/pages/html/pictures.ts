import { counted } from '../../../core/kernel/text.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportPageSide, ReportPages, SessionReportData } from './report-data.ts';

/** Returns what follows a picture, such as a field for a comment. */
export type AfterPicture = (page: string, width: number, side: ReportPageSide['side']) => Part;

/** The pages of the application before and after the session's changes, side by side. */
export function pagePictures(
  { commit, sentences, pages }: ReportPages,
  after: AfterPicture = () => undefined,
): Html[] {
  const head = html`${sentences.map(
    (each) => html`<p dir="auto">${each}</p>
`,
  )}${
    pages.length > 0 &&
    html`<p class="note">Pictures of commit <code>${commit.slice(0, 8)}</code>, taken by samocode.</p>
`
  }`;
  return [head, ...pages.map((each) => onePage(each, after))];
}

function onePage({ page, width, differing, sides }: ReportPages['pages'][number], after: AfterPicture): Html {
  const differs =
    differing !== undefined && (differing === 0 ? 'no difference' : `${counted(differing, 'pixel')} differ`);
  return html`<article><h3><code dir="ltr">${page}</code> at ${width} px <span class="note">${differs}</span></h3>
<div class="of-pages-sides">${sides.map(
    (each) =>
      html`<figure>${picture(each, `${page} at ${width} px, ${each.side}`)}<figcaption>${each.side}${after(page, width, each.side)}</figcaption></figure>
`,
  )}</div></article>
`;
}

/** A long page scrolls in its frame, so that the others stay beside it. */
function picture({ width, height, data, load }: ReportPageSide, name: string): Html {
  const shown = (source: Html) =>
    html`<div class="whole-page" tabindex="0" role="group" aria-label="${name}"><img ${source} width="${width}" height="${height}" alt="${name}"></div>`;
  if (load !== undefined) return shown(html`data-picture="${load}"`);
  if (data !== undefined) return shown(html`src="data:image/png;base64,${data}"`);
  return html`<p class="note">Not shown: too large for this page, or its file has changed.</p>`;
}

/** The pictures of the work that its agents took. */
export function picturesPart({ pictures }: SessionReportData): Html[] {
  return pictures.map(
    ({
      name,
      data,
    }) => html`<figure><img src="data:image/png;base64,${data}" alt="${name}"><figcaption dir="auto">${name}</figcaption></figure>
`,
  );
}
