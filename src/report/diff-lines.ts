import { type Html, html, type Part } from './html.ts';
import type { ReportDiff } from './report-data.ts';

/** The changes of an iteration: its files, and the patch of each in a part that opens. */
export function diffPart({ files, patch, isCut, added, removed }: ReportDiff): Html {
  const patches = patchesByFile(patch);
  return html`<section class="diff"><h4>Changes <span class="stat">${changedLines(added, removed)}</span></h4>
${patches.map((lines, index) => filePatch(lines, files[index]))}
${files.slice(patches.length).map(
  (file) => html`<div class="file" dir="ltr">${fileHead(file)}</div>
`,
)}
${isCut && html`<p class="note">The diff is cut here. The whole: <code>samocode diff</code>.</p>`}
</section>`;
}

export function changedLines(added: number, removed: number): Html {
  return html`<ins>+${added}</ins> <del>−${removed}</del>`;
}

type ChangedFile = ReportDiff['files'][number];

function fileHead({ path, added, removed }: ChangedFile): Html {
  const counts = added === null || removed === null ? 'binary' : changedLines(added, removed);
  return html`<code>${path}</code> <span class="stat">${counts}</span>`;
}

/** git prints the patches in the order in which it counts the lines of the files. */
function filePatch(lines: readonly string[], file: ChangedFile | undefined): Html {
  const head =
    file === undefined ? html`<code>${lines[0]?.slice('diff --git '.length)}</code>` : fileHead(file);
  const body = lines.slice(
    Math.max(
      1,
      lines.findIndex((line) => line.startsWith('@@')),
    ),
  );
  const isBinary = !lines.some((line) => line.startsWith('@@'));
  const shown = isBinary ? lines.slice(1).join('\n') : runs(body);
  return html`<details class="file"><summary dir="ltr">${head}</summary><pre dir="ltr">${shown}</pre></details>
`;
}

function patchesByFile(patch: string): string[][] {
  const found: string[][] = [];
  for (const line of patch.replace(/\n$/, '').split('\n')) {
    // Lines of files begin with a sign or a blank.
    if (line.startsWith('diff --git ')) found.push([line]);
    else found.at(-1)?.push(line);
  }
  return found;
}

const MARKS: Readonly<Record<string, (text: string) => Html>> = {
  '+': (text) => html`<ins>${text}</ins>`,
  '-': (text) => html`<del>${text}</del>`,
  '@': (text) => html`<i>${text}</i>`,
};

/** Neighbouring lines of one kind share an element: a page of many diffs stays small. */
function runs(lines: readonly string[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  while (from < lines.length) {
    const sign = (lines[from] ?? '')[0] ?? ' ';
    let to = from + 1;
    while (to < lines.length && ((lines[to] ?? '')[0] ?? ' ') === sign) to += 1;
    const text = `${lines.slice(from, to).join('\n')}\n`;
    parts.push(MARKS[sign]?.(text) ?? text);
    from = to;
  }
  return parts;
}
