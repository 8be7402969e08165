import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import { parseJson } from '../base/parse-json.ts';

export interface Tests {
  /** A shell command; undefined when nothing can be run here. */
  command?: string;
  /** The same, or why not, for documents. */
  words: string;
}

const packages = z.record(z.string(), z.unknown()).default({});
const Manifest = z.object({
  scripts: z.object({ test: z.string() }),
  dependencies: packages,
  devDependencies: packages,
});

/** The repository's own test command, from package.json or a Makefile. */
export async function findTests(root: string): Promise<Tests> {
  const read = async (name: string) => (await ifExists(readFile(join(root, name), 'utf8'))) ?? '';
  const manifest = Manifest.safeParse(parseJson(await read('package.json'))).data;
  if (manifest && !manifest.scripts.test.includes('no test specified')) {
    const needed = { ...manifest.dependencies, ...manifest.devDependencies };
    const isInstalled = await ifExists(access(join(root, 'node_modules')).then(() => true));
    if (Object.keys(needed).length > 0 && !isInstalled)
      return {
        words: 'No tests were run: the packages that `npm test` needs are not installed (SETUP can do that)',
      };
    return { command: manifest.scripts.test, words: `\`${manifest.scripts.test}\`, from package.json` };
  }
  if (/^test:/m.test(await read('Makefile')))
    return { command: 'make test', words: '`make test`, from the Makefile' };
  return { words: 'No tests were run: neither package.json nor a Makefile names a test command' };
}
