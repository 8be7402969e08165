// `import texts from 'virtual:agents'` imports the texts of a folder by name, at build time: `agents/done.md` and
// `skills/testing/SKILL.md` are `done` and `testing`.
import { readdir, readFile } from 'node:fs/promises';

export const MARKDOWN_FOLDER = /^virtual:(agents|commands|skills)$/;

/** The module for such an import, as source. */
export async function markdownFolderModule(specifier) {
  const folder = new URL(`../${MARKDOWN_FOLDER.exec(specifier)[1]}/`, import.meta.url);
  const found = await readdir(folder, { withFileTypes: true });
  const files = found.map((entry) => {
    const [name, path] = entry.isDirectory()
      ? [entry.name, `${entry.name}/SKILL.md`]
      : [entry.name.replace(/\.md$/, ''), entry.name];
    return { name, path };
  });
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const texts = files.map(async ({ name, path }) => [name, await readFile(new URL(path, folder), 'utf8')]);
  return `export default ${JSON.stringify(Object.fromEntries(await Promise.all(texts)))};`;
}
