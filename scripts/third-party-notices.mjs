// Writes THIRD-PARTY-NOTICES.md: the licence of every library whose code is inside dist/.
import { readdir, readFile, writeFile } from 'node:fs/promises';

/** @param {string[]} inputs paths of bundled modules, as esbuild's metafile names them */
export async function writeNotices(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) folders.add(found[1]);
  }
  const parts = await Promise.all([...folders].sort().map(noticeOf));
  const text = [
    '# Third-party notices',
    '',
    'The published files contain code of these libraries.',
    '',
    ...parts,
  ].join('\n');
  await writeFile('THIRD-PARTY-NOTICES.md', `${text.trimEnd()}\n`);
}

async function noticeOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? (await readFile(`${folder}/${file}`, 'utf8')).replaceAll('\r\n', '\n').trim() : '';
  return `## ${name} ${version} (${license ?? 'see below'})\n\n${text}\n`;
}
