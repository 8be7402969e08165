import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lint } from 'cspell';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { pagePaths } from '../../support/pages.ts';
import { ROOT, TEXTS } from '../../words/texts.ts';

test(
  'every word of the pages, and of texts for models, is in a dictionary or in cspell.json',
  ci,
  async () => {
    const files = [...(await pagePaths(ROOT)), ...TEXTS.keys()];
    const unknown: string[] = [];
    const report = {
      issue: ({ uri = '', row, text }: { uri?: string; row: number; text: string }) => {
        unknown.push(`${relative(ROOT, fileURLToPath(uri))}:${row} ${text}`);
      },
    };
    const result = await lint(files, { root: ROOT }, report);
    expect(unknown).toEqual([]);
    expect(result).toMatchObject({ files: files.length, errors: 0 });
  },
);
