import { counted } from '../../../core/kernel/text.ts';
import { type Html, html } from './html.ts';
import type { ReportPages } from './report-data.ts';

/** The pages of the application before and after the session's changes, side by side. */
export function pagePictures({ commit, said, pages }: ReportPages): Html[] {
  const head = html`<p class="note">Pictures of commit <code>${commit.slice(0, 8)}</code>, taken by samocode.${said && html` <span dir="auto">${said}</span>`}</p>
`;
  return [head, ...pages.map(onePage)];
}

function onePage({ page, width, said, differing, sides }: ReportPages['pages'][number]): Html {
  const differs =
    differing !== undefined && (differing === 0 ? 'no difference' : `${counted(differing, 'pixel')} differ`);
  return html`<article><h3><code dir="ltr">${page}</code> at ${width} px <span class="note">${differs}</span></h3>
${said && html`<p class="note" dir="auto">${said}</p>`}<div class="of-pictures">${sides.map(
    ({ side, data }) =>
      html`<figure>${
        data === undefined
          ? html`<p class="note">Not shown: too large for this page, or its file has changed.</p>`
          : html`<img src="data:image/png;base64,${data}" alt="${page} at ${width} px, ${side}">`
      }<figcaption>${side}</figcaption></figure>
`,
  )}</div></article>
`;
}
